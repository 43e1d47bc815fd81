import { type Engine, runThrough, type SeriesSource, SharedResults } from '@chokepoint/promql'
import {
  createRecommendationLedger,
  type RecommendationState,
} from './advise/recommendation-ledger.ts'
import type { Config } from './config/schema.ts'
import { detectInSteps } from './detect/detect.ts'
import type { DetectorRow } from './detect/detector.ts'
import { metricNames } from './expression-metrics.ts'
import type { FindingState } from './findings/finding-entry.ts'
import { createFindingLedger } from './findings/finding-ledger.ts'
import { createPanelLink } from './findings/panel-link.ts'
import type { Alert } from './model/alert.ts'
import type { AnalyzerView } from './model/analyzer-view.ts'
import type { Clock } from './model/clock.ts'
import type { EventSink } from './model/event.ts'
import { interview, type Questions, type Respondent, STEPS_AT_ONCE } from './model/interview.ts'
import type { Labels } from './model/labels.ts'
import type { Recommendation } from './model/recommendation.ts'
import { createPrometheusPort } from './prometheus-port.ts'
import { createQueryFunctions, type RuleRespondent } from './query-functions.ts'
import { createFindingRecorder, type FindingSample, findingSamples } from './record-findings.ts'
import { readComponents } from './report/components.ts'
import { takeSnapshot } from './report/snapshot.ts'
import type { AlertHistory } from './rules/history.ts'
import type { RecordFunc } from './rules/rule-context.ts'
import type { RuleGroup } from './rules/rule-file.ts'
import { createRuleManager, type RuleManagerState } from './rules/rule-manager.ts'
import type { StateFile } from './state-file.ts'
import type { TenantStore } from './store/tenant-store.ts'
import type { AnswerOptions, PrometheusPort, RecommendationAction } from './web/ports.ts'

/** How far back "now" reaches at most: long enough for scrapes a minute apart, short enough to be now. */
const WINDOW_MS_MAX = 5 * 60_000

/** What is kept of a tenant's analysis over a restart; its samples are in the log. */
export interface AnalysisState {
  readonly rules: RuleManagerState
  readonly findings: FindingState
  readonly recommendations: RecommendationState
}

export interface TenantAnalysisOptions {
  readonly tenant: string
  readonly config: Config
  readonly engine: Engine
  readonly engineWith: (options: AnswerOptions) => Engine
  /** The tenant's store as it is now: a tenant that has sent nothing yet has an empty one. */
  readonly store: () => TenantStore
  readonly clock: Clock
  readonly groups: readonly RuleGroup[]
  readonly catalog: readonly DetectorRow[]
  readonly history: AlertHistory
  readonly emit: EventSink
  readonly onAlerts: (alerts: readonly Alert[], nowMs: number) => void
  readonly stateFile: StateFile<AnalysisState> | undefined
  /** Told in one sentence what a detector or the recorder could not do. */
  readonly onProblem: (message: string) => void
}

/** Everything that happens to one tenant's samples after they are stored. */
export interface TenantAnalysis {
  readonly view: AnalyzerView
  readonly prometheus: PrometheusPort
  /** What a reader computes of the view, in steps: `of` sees it at one instant, and must be pure. */
  readonly compute: <Result>(of: (view: AnalyzerView) => Result) => Generator<void, Result>
  /** Rules, then detectors, then findings, then advice, all at one instant and in one go. */
  readonly evaluate: (nowMs: number) => void
  /** The rules whose interval has passed, in steps: the caller may let others run in between. */
  readonly evaluateRules: (nowMs: number) => Generator<void>
  /** Detectors, findings and advice, in steps. */
  readonly detect: (nowMs: number) => Generator<void>
  /** The least interval of a group of rules. */
  readonly ruleIntervalMs: () => number
  /** At once, the cheap rules that read these metrics. */
  readonly evaluateChanged: (names: ReadonlySet<string>, nowMs: number) => void
  /** In steps, the costly rules that wait for data that came. */
  readonly evaluateWaiting: () => Generator<void>
  /** Keeps one sample of a series that the analyzer itself makes. */
  readonly record: RecordFunc
  readonly act: (id: string, action: RecommendationAction) => Recommendation
  readonly replaceGroups: (groups: readonly RuleGroup[]) => void
  readonly findings: () => readonly FindingSample[]
  /** The time of the newest sample; 0 before the first. */
  readonly newestMs: () => number
  /** Resolves when what is kept over a restart is on the disk. */
  readonly save: () => Promise<void>
}

/** Joins the stages behind the store for one tenant. */
export function createTenantAnalysis(options: TenantAnalysisOptions): TenantAnalysis {
  const { tenant, config, engine, store, clock, emit, history, onProblem } = options
  const source: SeriesSource = {
    select: (...wanted) => store().select(...wanted),
    selectInSteps: (...wanted) => store().selectInSteps(...wanted),
    selectGrouped: (...wanted) => store().selectGrouped(...wanted),
  }
  const questions = createQueryFunctions(engine, source)
  const { query, inSteps } = questions
  /** What the questions of the passes that are under way came to; what is recorded is asked anew. */
  const underWay = new Set<SharedResults>()
  const write = createRecorder(store, onProblem)
  const record: RecordFunc = (name, ...sample) => {
    for (const results of underWay) results.forget(name)
    write(name, ...sample)
  }
  const recordFindings = createFindingRecorder(record)

  /** Whether an alert began, fired or ended since Alertmanagers were told of all. */
  let alertsMoved = false
  const rules = createRuleManager({
    groups: options.groups,
    query: questions.whole,
    queryInSteps: inSteps.whole,
    record,
    intervalMs: config.evaluation.intervalMs,
    limits: config.limits,
    externalLabels: templateLabels(config),
    ...(config.externalUrl === null ? {} : { externalUrl: config.externalUrl }),
    metricNames: (expression) => metricNames(engine, expression),
    onTransition: (transition) => {
      history.add(transition)
      alertsMoved = true
      const { alert, to, at } = transition
      if (to === 'firing') emit({ type: 'alert.firing', timestamp: at, tenant, data: alert })
      if (to === 'resolved') emit({ type: 'alert.resolved', timestamp: at, tenant, data: alert })
    },
  })
  const findings = createFindingLedger({
    emit,
    tenant,
    limits: config.limits,
    catalog: options.catalog,
    panelLink: createPanelLink(config.grafanaUrl),
  })
  const recommendations = createRecommendationLedger({ query, emit, tenant, limits: config.limits })

  const saved = options.stateFile?.load()
  if (saved !== undefined) {
    rules.restore(saved.rules)
    findings.restore(saved.findings)
    recommendations.restore(saved.recommendations)
  }

  /** Shorter than the full window while the data is young: a rate over nothing would dilute the rest. */
  let firstMs = Number.POSITIVE_INFINITY
  const windowMs = (nowMs: number) => Math.max(0, Math.min(WINDOW_MS_MAX, nowMs - firstMs))
  const currentFindings = () => findingSamples(findings.bottlenecks(), recommendations.list())

  const viewAt = (now: Clock, { query, queryRange }: Questions): AnalyzerView => ({
    now,
    query,
    queryRange,
    components: () => readComponents(query, now(), windowMs(now()) || WINDOW_MS_MAX),
    snapshot: () =>
      takeSnapshot({
        query,
        nowMs: now(),
        windowMs: windowMs(now()) || WINDOW_MS_MAX,
        bottlenecks: findings.bottlenecks(),
        recommendations: recommendations.list(),
        alerts: rules.alerts(),
        series: store().seriesCount(),
      }),
    bottlenecks: () => findings.bottlenecks(),
    recommendations: () => recommendations.list(),
    alerts: () => rules.alerts(),
    alertHistory: () => history.list(),
  })

  /** Alertmanagers are told of all alerts; to list thousands takes longer than most rules. */
  const tellAlerts = (nowMs: number) => {
    if (config.alertmanagers.length > 0) options.onAlerts(rules.alerts(), nowMs)
    alertsMoved = false
  }

  /** Lets the questions of one pass share what they come to. */
  function* sharing(pass: (respondent: RuleRespondent) => Generator<void>): Generator<void> {
    const results = new SharedResults()
    underWay.add(results)
    try {
      yield* pass(questions.sharing(results))
    } finally {
      underWay.delete(results)
    }
  }

  function* evaluateRules(nowMs: number): Generator<void> {
    if (store().seriesCount() === 0) return
    firstMs = Math.min(firstMs, store().newestMs() ?? nowMs)
    yield* sharing((respondent) => rules.evaluateInSteps(nowMs, respondent.whole))
    tellAlerts(nowMs)
  }

  function* findBottlenecks(
    respondent: Respondent,
    nowMs: number,
    stepsAtOnce: number,
  ): Generator<void> {
    const when = { nowMs, windowMs: windowMs(nowMs) }
    const { catalog } = options
    const { candidates, failures } = yield* detectInSteps(respondent, when, catalog, stepsAtOnce)
    for (const { type, error } of failures) onProblem(`detector ${type} failed: ${error}`)
    findings.update(candidates, rules.alerts(), nowMs)
    yield
    yield* recommendations.updateInSteps(findings.bottlenecks(), nowMs, respondent.query)
    recordFindings(currentFindings(), nowMs)
  }

  function* detect(nowMs: number, stepsAtOnce = STEPS_AT_ONCE): Generator<void> {
    if (store().seriesCount() === 0) return
    firstMs = Math.min(firstMs, store().newestMs() ?? nowMs)
    yield* sharing((respondent) => findBottlenecks(respondent, nowMs, stepsAtOnce))
  }

  return {
    view: viewAt(clock, questions),
    compute: (of) => {
      const nowMs = clock()
      return interview(inSteps, (asked) => of(viewAt(() => nowMs, asked)))
    },
    prometheus: createPrometheusPort({
      ...{ engine, engineWith: options.engineWith, store, source, clock },
      ruleGroups: rules.ruleGroups,
    }),
    evaluate: (nowMs) => {
      runThrough(evaluateRules(nowMs))
      runThrough(detect(nowMs, Number.POSITIVE_INFINITY))
    },
    evaluateRules,
    detect,
    ruleIntervalMs: () => rules.intervalMs() ?? config.evaluation.intervalMs,
    *evaluateWaiting() {
      for (;;) {
        // The time anew for each: data came meanwhile.
        const steps = rules.evaluateWaiting(clock())
        if (steps === undefined) return
        yield* steps
        if (alertsMoved) tellAlerts(clock())
      }
    },
    evaluateChanged: (names, nowMs) => {
      rules.evaluateChanged(names, nowMs)
      if (alertsMoved) tellAlerts(nowMs)
    },
    record,
    act: (id, action) => recommendations.setStatus(id, action, clock()),
    replaceGroups: rules.replaceGroups,
    findings: currentFindings,
    newestMs: () => store().newestMs() ?? 0,
    save: async () => {
      await options.stateFile?.save({
        rules: rules.state(),
        findings: findings.state(),
        recommendations: recommendations.state(),
      })
      await history.flush()
    },
  }
}

/** What templates of rules see as external labels: the rule pack's links begin with `grafana_url`. */
function templateLabels({ externalLabels, grafanaUrl }: Config): Labels {
  return grafanaUrl === null
    ? externalLabels
    : { grafana_url: grafanaUrl.replace(/\/+$/, ''), ...externalLabels }
}

/** Writes what rules and findings say into the store; what a limit refuses is said once. */
function createRecorder(store: () => TenantStore, onProblem: (message: string) => void) {
  let told = false
  const write: RecordFunc = (name, labels, timeMs, value) => {
    if (store().append(name, Object.entries(labels), timeMs, value) || told) return
    told = true
    onProblem(`cannot record ${name}: a limit of the store stands against it`)
  }
  return write
}
