import {
  compileValueTest,
  LabelSet,
  type Matcher,
  METRIC_NAME,
  type SampleBuffer,
  type SourceSeries,
} from '@chokepoint/promql'
import type { BlockChains } from './block-chain.ts'
import { NO_BLOCK } from './block-pool.ts'
import type { BoundsTable } from './bounds-table.ts'
import type { Family, NamedPart, Part } from './family-table.ts'
import type { HistogramReader } from './histogram-reader.ts'
import { mergeSeries } from './merged-series.ts'
import { pushNewest, readableFromMs } from './newest-sample.ts'
import { readNumbers } from './number-codec.ts'
import type { StreamIndex } from './stream-index.ts'
import { HEAD, RESOURCE, TIME } from './stream-records.ts'

/** A test of one label of a stream, remembered by the label's number. */
interface LabelTest {
  readonly name: string
  readonly test: (value: string) => boolean
  readonly matchesAbsent: boolean
  readonly results: Map<number, boolean>
}

// Label sets of series that were asked for; beyond this many, all are made anew.
const LABEL_SETS_MAX = 500_000

/** What one step looks at and hands out: half a millisecond, when label sets are made. */
const STREAMS_A_STEP = 2048
const SERIES_A_STEP = 256

/** Finds series by matchers and hands out how to read them. */
export class SeriesSelector {
  readonly #index: StreamIndex
  readonly #chains: BlockChains
  readonly #bounds: BoundsTable
  readonly #histograms: HistogramReader
  /** By stream: the label set of a number, or those of a histogram's parts by suffix and bound. */
  readonly #labelSets = new Map<number, Map<string, LabelSet>>()
  #labelSetCount = 0

  constructor(
    index: StreamIndex,
    chains: BlockChains,
    bounds: BoundsTable,
    histograms: HistogramReader,
  ) {
    this.#index = index
    this.#chains = chains
    this.#bounds = bounds
    this.#histograms = histograms
  }

  /**
   * The series that match and may have samples in [fromMs, toMs], looking at some of them a step; when they are more
   * than `seriesMax`, only so many that this is certain.
   */
  *select(
    matchers: readonly Matcher[],
    fromMs: number,
    toMs: number,
    seriesMax = Number.POSITIVE_INFINITY,
  ): Generator<void, readonly SourceSeries[]> {
    let looked = 0
    let restAt = SERIES_A_STEP
    const parts = this.#namedParts(matchers)
    const others = matchers.filter(({ name }) => name !== METRIC_NAME)
    const found: SourceSeries[] = []
    // Each family may give a label set once.
    const enough = seriesMax * parts.length
    for (const { family, part } of parts) {
      const buckets = part === '_bucket'
      const tests = others.filter(({ name }) => !(buckets && name === 'le')).map(labelTest)
      const bounds = buckets ? others.filter(({ name }) => name === 'le').map(compileValueTest) : []
      for (const id of family.streams) {
        if (++looked % STREAMS_A_STEP === 0 || found.length > restAt) {
          restAt = found.length + SERIES_A_STEP
          yield
        }
        // What a sweep removed while this rested has no samples any more.
        if (!this.#mayHave(id, fromMs, toMs) || !this.#matches(id, tests)) continue
        this.#addSeries(found, family, part, id, bounds)
        if (found.length > enough) return found
      }
    }
    // Two families can give one label set: a gauge and a native histogram, or a gauge named x_count.
    return parts.length > 1 ? yield* mergeSeries(found) : found
  }

  /** The labels of the series that an observation of a stream counts in: of a histogram, its bucket. */
  labelsOfObservation(id: number, value: number): LabelSet {
    const family = this.#index.familyOf(id)
    if (family.storage !== 'row') return this.#labelSet(family, id, '')
    const { values, texts } = this.#bounds.get(this.#index.rowLayout(id))
    const bucket = values.findIndex((bound) => value <= bound)
    return this.#labelSet(family, id, '_bucket', texts.at(bucket))
  }

  /** Forgets the label sets of streams. */
  forget(ids: ReadonlySet<number>): void {
    for (const id of ids) {
      this.#labelSetCount -= this.#labelSets.get(id)?.size ?? 0
      this.#labelSets.delete(id)
    }
  }

  #namedParts(matchers: readonly Matcher[]): readonly NamedPart[] {
    const { families } = this.#index
    const names = matchers.filter(({ name }) => name === METRIC_NAME)
    const exact = names.find(({ type }) => type === '=')
    const tests = names.map(compileValueTest)
    const candidates = exact === undefined ? [...families.names()] : [exact.value]
    return candidates
      .filter((name) => tests.every((test) => test(name)))
      .flatMap((name) => families.parts(name))
  }

  /** Says less than it could: a series with a gap in its times may be handed out and read as empty. */
  #mayHave(id: number, fromMs: number, toMs: number): boolean {
    const { records, columns } = this.#chains
    const head = records.ints[id * 16 + HEAD]!
    if (head === NO_BLOCK || records.floats[id * 8 + TIME]! < fromMs) return false
    // Nearly every question ends where the samples do: then nobody need know where they begin.
    if (records.floats[id * 8 + TIME]! <= toMs) return true
    const column = columns[records.ints[id * 16 + RESOURCE]!]
    return column === undefined || !(column.timeAt(this.#chains.state(head).index + 1) > toMs)
  }

  #matches(id: number, tests: readonly LabelTest[]): boolean {
    if (tests.length === 0) return true
    const { labels } = this.#index
    const ids = this.#index.labelIds(id)
    for (const test of tests) {
      let matched = test.matchesAbsent
      for (let i = 0; i < ids.length; i++) {
        const label = ids[i]!
        if (labels.nameOf(label) !== test.name) continue
        const known = test.results.get(label)
        matched = known ?? test.test(labels.valueOf(label))
        if (known === undefined) test.results.set(label, matched)
        break
      }
      if (!matched) return false
    }
    return true
  }

  #addSeries(
    found: SourceSeries[],
    family: Family,
    part: Part,
    id: number,
    bounds: readonly ((value: string) => boolean)[],
  ): void {
    const histograms = this.#histograms
    if (part !== '_bucket') {
      const labels = this.#labelSet(family, id, part === 'all' ? '' : part)
      if (family.storage === 'number') found.push(new NumberSeries(labels, this.#chains, id))
      else if (family.storage === 'exponential') found.push(histograms.nativeSeries(labels, id))
      else if (part === '_sum') found.push(histograms.sumSeries(labels, id))
      else found.push(histograms.countSeries(labels, id))
      return
    }
    for (const text of this.#boundTexts(id)) {
      if (!bounds.every((test) => test(text))) continue
      found.push(histograms.bucketSeries(this.#labelSet(family, id, '_bucket', text), id, text))
    }
  }

  /** The `le` values of a histogram; of all its sets of bounds when they changed. */
  #boundTexts(id: number): Iterable<string> {
    const layouts = this.#index.rowLayouts(id)
    if (layouts.length === 1) return this.#bounds.get(layouts[0]!).texts
    return new Set(layouts.flatMap((layout) => this.#bounds.get(layout).texts))
  }

  #labelSet(family: Family, id: number, suffix: string, bound = ''): LabelSet {
    let sets = this.#labelSets.get(id)
    if (sets === undefined) {
      if (this.#labelSetCount > LABEL_SETS_MAX) {
        this.#labelSets.clear()
        this.#labelSetCount = 0
      }
      sets = new Map()
      this.#labelSets.set(id, sets)
    }
    const key = bound === '' ? suffix : bound
    let set = sets.get(key)
    if (set === undefined) {
      set = LabelSet.from(this.#pairs(family, id, suffix, bound))
      sets.set(key, set)
      this.#labelSetCount++
    }
    return set
  }

  *#pairs(family: Family, id: number, suffix: string, bound: string): Iterable<[string, string]> {
    yield [METRIC_NAME, family.name + suffix]
    const { labels } = this.#index
    for (const label of this.#index.labelIds(id))
      yield [labels.nameOf(label), labels.valueOf(label)]
    if (bound !== '') yield ['le', bound]
  }
}

function labelTest(matcher: Matcher): LabelTest {
  const test = compileValueTest(matcher)
  return { name: matcher.name, test, matchesAbsent: test(''), results: new Map() }
}

class NumberSeries implements SourceSeries {
  readonly labels: LabelSet
  readonly #chains: BlockChains
  readonly #id: number

  constructor(labels: LabelSet, chains: BlockChains, id: number) {
    this.labels = labels
    this.#chains = chains
    this.#id = id
  }

  readLast(fromMs: number, toMs: number, into: SampleBuffer): void {
    if (pushNewest(this.#chains, this.#id, fromMs, toMs, into)) return
    const { records, columns } = this.#chains
    const column = columns[records.ints[this.#id * 16 + RESOURCE]!]
    if (column === undefined) return
    this.read(readableFromMs(this.#chains, this.#id, column, fromMs, toMs), toMs, into)
  }

  read(fromMs: number, toMs: number, into: SampleBuffer): void {
    const { records, columns } = this.#chains
    const column = columns[records.ints[this.#id * 16 + RESOURCE]!]
    if (column === undefined) return
    readNumbers(this.#chains, this.#id, column, fromMs, toMs, {
      number: (time, value, start) => {
        into.pushFloat(time, value)
        if (start !== 0) into.setStartTime(start)
      },
      stale: (time, start) => {
        into.pushStale(time)
        if (start !== 0) into.setStartTime(start)
      },
    })
  }
}
