import type { AlertTransition } from '../model/alert.ts'
import type { QuerySample } from '../model/query.ts'
import type { RuleStatus, RuleStatusCommon } from '../model/rule-status.ts'
import { type AlertAnswers, AlertingRuleState, type AlertingState } from './alerting-rule.ts'
import { recordedSamples } from './recording-rule.ts'
import type { RecordFunc, RuleContext, RuleSample } from './rule-context.ts'
import type { AlertingRule, RecordingRule } from './rule-file.ts'

/** Samples that are written, or transitions that are told, in one step: half a millisecond. */
const WRITES_A_STEP = 50

/** What became of the answers. */
interface Judgement {
  readonly samples: readonly RuleSample[]
  readonly transitions: readonly AlertTransition[]
  readonly error?: string
}

/** Judges answers in steps; what it gives puts the judgement in force. */
type Judge = () => Generator<void, () => Judgement>

/** A rule that is evaluated again and again, with what its last evaluation left. */
export class RuleRow {
  /** The same for the same rule after a restart or a reload. */
  readonly key: string
  readonly rule: AlertingRule | RecordingRule
  readonly alerting: AlertingRuleState | undefined
  /** The metrics that its expression reads; undefined when they cannot be told. */
  readonly reads: readonly string[] | undefined
  lastEvaluationMs = Number.NEGATIVE_INFINITY
  #series: ReadonlyMap<string, RuleSample> = new Map()
  #health: RuleStatus['health'] = 'unknown'
  #lastError = ''
  #evaluationSeconds = 0
  #usualMs = 0
  /** Whether data has come for it that it was not evaluated for. */
  waiting = false
  /** Whether new rules took the place of this one: an evaluation that rests is then void. */
  retired = false
  /** Whether an evaluation has begun and is not over. */
  isUnderWay = false
  /** Whether it has judged, and what it came to is being written: no other may begin meanwhile. */
  isWriting = false
  /** How many of its alerts are in the count of all alerts. */
  counted = 0

  constructor(
    key: string,
    rule: AlertingRule | RecordingRule,
    reads: readonly string[] | undefined,
  ) {
    this.key = key
    this.rule = rule
    this.reads = reads
    this.alerting = rule.kind === 'alerting' ? new AlertingRuleState(rule) : undefined
  }

  /** The series that the last evaluation wrote. */
  series(): Iterable<RuleSample> {
    return this.#series.values()
  }

  /** Takes the place of a row: its series, its alerts and its health. */
  adopt(old: RuleRow): void {
    this.#series = old.#series
    this.#health = old.#health
    this.#lastError = old.#lastError
    this.#evaluationSeconds = old.#evaluationSeconds
    this.lastEvaluationMs = old.lastEvaluationMs
    if (old.alerting !== undefined) this.alerting?.restore(old.alerting.state())
  }

  /** Takes up the alerts of an earlier process, and their series, so that it can end them. */
  restore(state: AlertingState): void {
    this.alerting?.restore(state)
    this.#series = byKey(this.alerting?.samples() ?? [])
  }

  /**
   * Evaluates the rule, writes its series, tells what became of its alerts, and gives the names of the series that
   * were written or ended. A failure stays with the rule: it never throws. An evaluation that rested while another
   * one judged newer data comes to nothing.
   */
  *evaluate(
    context: RuleContext,
    record: RecordFunc,
    tell: (transition: AlertTransition) => void,
    stopwatch: () => number,
  ): Generator<void, ReadonlySet<string>> {
    this.lastEvaluationMs = context.nowMs
    this.waiting = false
    this.isUnderWay = true
    const isVoid = () => this.retired || this.lastEvaluationMs > context.nowMs
    const timer = { spentMs: 0 }
    let names: ReadonlySet<string> = new Set()
    let judge: Judge
    try {
      judge = yield* timed(this.#ask(context), stopwatch, timer)
    } catch (error) {
      judge = () => {
        throw error
      }
    }
    if (isVoid()) return names
    this.isWriting = true
    let transitions: readonly AlertTransition[] = []
    try {
      const take = yield* timed(judge(), stopwatch, timer)
      // New rules took this one's place while it rested, and its alerts as they were.
      if (this.retired) return names
      const started = stopwatch()
      const answer = take()
      timer.spentMs += stopwatch() - started
      // Told even when the series cannot be written: the alerts have moved on.
      transitions = answer.transitions
      names = yield* timed(this.#write(answer.samples, context.queryMs, record), stopwatch, timer)
      this.#health = answer.error === undefined ? 'ok' : 'err'
      this.#lastError = answer.error ?? ''
    } catch (error) {
      this.#health = 'err'
      this.#lastError = (error as Error).message
    }
    yield* forEachInSteps(transitions, tell)
    this.isWriting = false
    this.isUnderWay = false
    this.#usualMs = Math.min(this.#evaluationSeconds * 1000, timer.spentMs)
    this.#evaluationSeconds = timer.spentMs / 1000
    return names
  }

  readsAny(names: ReadonlySet<string>): boolean {
    return this.reads === undefined || this.reads.some((name) => names.has(name))
  }

  /** The lesser of the last two durations: one pause of the collector makes no rule expensive. */
  get usualMs(): number {
    return this.#usualMs
  }

  get lastMs(): number {
    return this.#evaluationSeconds * 1000
  }

  /** Whether evaluating it now keeps it within this part of the time. */
  isWithin(share: number, nowMs: number): boolean {
    return nowMs - this.lastEvaluationMs >= this.#usualMs / share
  }

  status(nowMs: number): RuleStatus {
    const { rule } = this
    const common: RuleStatusCommon = {
      name: rule.name,
      query: rule.expression,
      labels: rule.labels,
      health: this.#health,
      ...(this.#lastError === '' ? {} : { lastError: this.#lastError }),
      lastEvaluationMs: Math.max(this.lastEvaluationMs, 0),
      evaluationSeconds: this.#evaluationSeconds,
    }
    if (rule.kind === 'recording') return { ...common, type: 'recording' }
    const alerts = this.alerting?.alerts(nowMs) ?? []
    return {
      ...common,
      type: 'alerting',
      state:
        (['firing', 'pending'] as const).find((state) =>
          alerts.some((alert) => alert.state === state),
        ) ?? 'inactive',
      forSeconds: rule.forMs / 1000,
      keepFiringForSeconds: rule.keepFiringForMs / 1000,
      annotations: rule.annotations,
      alerts,
    }
  }

  /** Asks the expressions; what it gives judges the answers for the rule as it is then, and what that gives is in force. */
  *#ask(context: RuleContext): Generator<void, Judge> {
    const { rule, alerting } = this
    if (alerting !== undefined) {
      const answers: AlertAnswers = yield* alerting.ask(context)
      return function* () {
        const judged = yield* alerting.judge(answers, context)
        return () => alerting.take(judged)
      }
    }
    const answer: readonly QuerySample[] = yield* context.ask(rule.expression, context.queryMs)
    return function* () {
      const samples = yield* recordedSamples(rule as RecordingRule, answer, context)
      return () => ({ samples, transitions: [] })
    }
  }

  /** Records samples and ends the series of the last evaluation that are no longer among them. */
  *#write(
    samples: readonly RuleSample[],
    timeMs: number,
    record: RecordFunc,
  ): Generator<void, ReadonlySet<string>> {
    const before = this.#series
    // Before the first rest: new rules that take this one's place must know what to end.
    const series = byKey(samples)
    this.#series = series
    const names = new Set<string>()
    yield* forEachInSteps(samples, ({ name, labels, value }) => {
      record(name, labels, timeMs, value)
      names.add(name)
    })
    yield* forEachInSteps(before, ([key, { name, labels }]) => {
      if (series.has(key)) return
      record(name, labels, timeMs, 'stale')
      names.add(name)
    })
    return names
  }
}

function* forEachInSteps<Item>(items: Iterable<Item>, act: (item: Item) => void): Generator<void> {
  let done = 0
  for (const item of items) {
    if (done++ % WRITES_A_STEP === WRITES_A_STEP - 1) yield
    act(item)
  }
}

/** Does the same steps and adds up how long they take, without the rests between them. */
function* timed<Result>(
  steps: Generator<void, Result>,
  stopwatch: () => number,
  timer: { spentMs: number },
): Generator<void, Result> {
  for (;;) {
    const started = stopwatch()
    try {
      const step = steps.next()
      if (step.done === true) return step.value
    } finally {
      timer.spentMs += stopwatch() - started
    }
    yield
  }
}

function byKey(samples: readonly RuleSample[]): ReadonlyMap<string, RuleSample> {
  return new Map(samples.map((sample) => [sample.key, sample]))
}
