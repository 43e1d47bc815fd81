import type { Call, Expr } from '../ast.ts'
import { executionError } from '../errors.ts'
import { LabelSet, METRIC_NAME } from '../label-set.ts'
import { compileValueTest } from '../matchers.ts'
import type { Matcher } from '../series-source.ts'
import { ABSENT, type Block, BlockBuilder, dropsName, HISTOGRAM } from './block.ts'
import { sameLabelsetError } from './duplicates.ts'
import type { Frame } from './frame.ts'
import { findInfoReference } from './info-reference.ts'
import { lookupFrame, readInstant } from './instant-selector.ts'
import type { Query } from './query.ts'
import type { Steps } from './steps.ts'

const TARGET_INFO = 'target_info'
/** The labels by which a series finds its info series, as an instance of a job. */
const IDENTIFYING_LABELS = ['instance', 'job'] as const

/**
 * `info(vector, {selector})`: adds the labels of info series to the series of the same instance and
 * job. https://prometheus.io/docs/prometheus/latest/querying/functions/#info
 */
export function* addInfo(query: Query, call: Call, base: Block, frame: Frame): Steps<Block> {
  const matchers = selectorOf(call.args[1])
  const names = effectiveNameMatchers(matchers.filter((matcher) => matcher.name === METRIC_NAME))
  const isInfoName = names.map(compileValueTest)
  // Info series themselves are left as they are.
  const ignored = base.labels.map((labels) => isInfoName.every((test) => test(labels.metricName)))
  const data = matchers.filter((matcher) => matcher.name !== METRIC_NAME)
  const infos = yield* readInfos(query, call, base, ignored, [...data, ...names], frame)
  return new Join(query, base, ignored, infos, data).run()
}

function selectorOf(arg: Expr | undefined): readonly Matcher[] {
  if (arg === undefined) return [{ name: METRIC_NAME, type: '=', value: TARGET_INFO }]
  return arg.kind === 'vector' ? arg.matchers : []
}

/** Without a positive matcher for names: `target_info`, or all names that end in `_info`. */
function effectiveNameMatchers(names: readonly Matcher[]): readonly Matcher[] {
  if (names.some(({ type }) => type === '=' || type === '=~')) return names
  if (names.length > 0) return [{ name: METRIC_NAME, type: '=~', value: '.+_info' }, ...names]
  return [{ name: METRIC_NAME, type: '=', value: TARGET_INFO }]
}

/** The info series that may belong to the base series; cells hold the times of samples. */
function* readInfos(
  query: Query,
  call: Call,
  base: Block,
  ignored: readonly boolean[],
  matchers: readonly Matcher[],
  frame: Frame,
): Steps<Block[]> {
  const { atMs, offsetMs } = findInfoReference(call.args[0]!)
  const lookup = lookupFrame(frame, offsetMs, atMs)
  const infos: Block[] = []
  for (const identifying of identifyingMatchers(base, ignored)) {
    const all = [...identifying, ...matchers]
    const values = yield* readInstant(query, all, lookup, frame.steps, 'value')
    for (let cell = 0; cell < values.rows * values.steps; cell++) {
      if (values.kinds[cell] !== HISTOGRAM) continue
      const labels = values.labels[Math.floor(cell / values.steps)]
      throw executionError(`this should be an info metric, with float samples: ${labels}`)
    }
    infos.push(yield* readInstant(query, all, lookup, frame.steps, 'timestamp'))
  }
  return infos
}

/** Matchers for the instances and jobs in use, one set for each choice of labels that are present. */
function identifyingMatchers(base: Block, ignored: readonly boolean[]): Matcher[][] {
  const groups = new Map<string, Set<string>[]>()
  base.labels.forEach((labels, row) => {
    if (ignored[row]) return
    const values = IDENTIFYING_LABELS.map((name) => labels.get(name))
    const presence = values.map((value) => (value === '' ? '0' : '1')).join('')
    if (!presence.includes('1')) return
    let group = groups.get(presence)
    if (group === undefined) {
      group = IDENTIFYING_LABELS.map(() => new Set<string>())
      groups.set(presence, group)
    }
    values.forEach((value, i) => {
      if (value !== '') group[i]!.add(value)
    })
  })
  return [...groups.values()].map((group) =>
    IDENTIFYING_LABELS.map((name, i): Matcher => {
      const values = [...group[i]!].sort()
      if (values.length === 0) return { name, type: '=', value: '' }
      if (values.length === 1) return { name, type: '=', value: values[0]! }
      return { name, type: '=~', value: values.map(escapeRegex).join('|') }
    }),
  )
}

function escapeRegex(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')
}

/** An info series at one step. */
interface InfoSample {
  readonly labels: LabelSet
  readonly time: number
}

class Join {
  readonly #query: Query
  readonly #base: Block
  readonly #ignored: readonly boolean[]
  readonly #infos: readonly Block[]
  readonly #data: readonly Matcher[]
  readonly #dataNames: ReadonlySet<string>
  readonly #matchesEmpty: boolean
  readonly #out: BlockBuilder
  readonly #rowOf = new Map<string, number>()

  constructor(
    query: Query,
    base: Block,
    ignored: readonly boolean[],
    infos: readonly Block[],
    data: readonly Matcher[],
  ) {
    this.#query = query
    this.#base = base
    this.#ignored = ignored
    this.#infos = infos
    this.#data = data
    this.#dataNames = new Set(data.map(({ name }) => name))
    this.#matchesEmpty = data.every((matcher) => compileValueTest(matcher)(''))
    this.#out = new BlockBuilder(base.steps, base.rows)
  }

  run(): Block {
    for (let step = 0; step < this.#base.steps; step++) {
      this.#query.checkTime()
      this.#runStep(step)
    }
    return this.#out.build(false)
  }

  #runStep(step: number): void {
    const { steps, rows, kinds, labels } = this.#base
    let infos: Map<string, Map<string, InfoSample>> | undefined
    for (let row = 0; row < rows; row++) {
      const cell = row * steps + step
      if (kinds[cell] === ABSENT) continue
      infos ??= this.#infosAt(step)
      const enriched = this.#ignored[row] ? labels[row]! : this.#enrich(labels[row]!, infos)
      if (enriched === undefined) continue
      let base = this.#rowOf.get(enriched.key)
      if (base === undefined) {
        base = this.#out.add(enriched, dropsName(this.#base, row))
        this.#rowOf.set(enriched.key, base)
      }
      if (this.#out.kinds[base + step] !== ABSENT) throw sameLabelsetError()
      this.#out.copy(base + step, this.#base, cell)
    }
  }

  /** The newest info series of each name for each instance of a job: by identity, then by name. */
  #infosAt(step: number): Map<string, Map<string, InfoSample>> {
    const found = new Map<string, Map<string, InfoSample>>()
    for (const block of this.#infos) {
      for (let row = 0; row < block.rows; row++) {
        const cell = row * block.steps + step
        if (block.kinds[cell] === ABSENT) continue
        const sample = { labels: block.labels[row]!, time: block.values[cell]! }
        const identity = identityOf(sample.labels)
        let byName = found.get(identity)
        if (byName === undefined) {
          byName = new Map()
          found.set(identity, byName)
        }
        const known = byName.get(sample.labels.metricName)
        if (known !== undefined && known.time === sample.time) throw duplicateInfo(known, sample)
        if (known === undefined || known.time < sample.time) {
          byName.set(sample.labels.metricName, sample)
        }
      }
    }
    return found
  }

  #enrich(
    labels: LabelSet,
    infos: ReadonlyMap<string, ReadonlyMap<string, InfoSample>>,
  ): LabelSet | undefined {
    const byName = infos.get(identityOf(labels))
    // A selector that an absent label would not satisfy drops series without info.
    if (byName === undefined)
      return this.#data.length === 0 || this.#matchesEmpty ? labels : undefined
    const added = new Map<string, string>()
    for (const info of byName.values()) {
      for (const [name, value] of info.labels) {
        if (name === METRIC_NAME) continue
        if (this.#dataNames.size > 0 && !this.#dataNames.has(name)) continue
        const present = added.get(name)
        if (present !== undefined && present !== value) {
          throw executionError(`conflicting label: ${name}`)
        }
        if (!labels.has(name)) added.set(name, value)
      }
    }
    return added.size === 0 ? labels : LabelSet.from([...labels, ...added])
  }
}

function identityOf(labels: LabelSet): string {
  return IDENTIFYING_LABELS.map((name) => labels.get(name)).join('\x00')
}

function duplicateInfo(known: InfoSample, other: InfoSample) {
  const at = (time: number) => Math.round(time * 1000)
  return executionError(
    `found duplicate series for info metric: existing ${known.labels} @ ${at(known.time)}, new ${other.labels} @ ${at(other.time)}`,
  )
}
