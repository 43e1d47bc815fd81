import {
  compileValueTest,
  type GroupedSelection,
  type LabelSet,
  type Matcher,
  METRIC_NAME,
  type SampleBuffer,
  type SeriesGrouping,
  type SeriesPiece,
  type SourceSeries,
} from '@chokepoint/promql'
import type { BlockChains } from './block-chain.ts'
import { NO_BLOCK } from './block-pool.ts'
import type { BoundsTable } from './bounds-table.ts'
import { type Family, type NamedPart, type Part, suffixOf } from './family-table.ts'
import type { HistogramReader, StoredSeries } from './histogram-reader.ts'
import type { LabelTable } from './label-table.ts'
import { mergeSeries } from './merged-series.ts'
import { pushNewest, readableFromMs } from './newest-sample.ts'
import { readNumbers } from './number-codec.ts'
import { SeriesGroups } from './series-groups.ts'
import type { SeriesLabelSets } from './series-label-sets.ts'
import type { StreamIndex } from './stream-index.ts'
import { HEAD, RESOURCE, TIME } from './stream-records.ts'

/** A test of one label of a stream, remembered by the label's number. */
interface LabelTest {
  readonly name: string
  /** The number of the only label that passes; of an equality that nobody fulfils, one that no label has. */
  readonly only: number | undefined
  readonly test: (value: string) => boolean
  readonly matchesAbsent: boolean
  readonly results: Map<number, boolean>
}

const NO_LABEL = -1

/** What one step looks at and hands out: half a millisecond. */
const STREAMS_A_STEP = 2048
const SERIES_A_STEP = 1024

/** Finds series by matchers and hands out how to read them. */
export class SeriesSelector {
  readonly #index: StreamIndex
  readonly #chains: BlockChains
  readonly #bounds: BoundsTable
  readonly #histograms: HistogramReader
  readonly #labelSets: SeriesLabelSets

  constructor(
    index: StreamIndex,
    chains: BlockChains,
    bounds: BoundsTable,
    labelSets: SeriesLabelSets,
    histograms: HistogramReader,
  ) {
    this.#index = index
    this.#chains = chains
    this.#bounds = bounds
    this.#labelSets = labelSets
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
    const found: StoredSeries[] = []
    // Each family may give a label set once.
    const enough = seriesMax * parts.length
    for (const { family, part } of parts) {
      const { tests, bounds } = this.#testsOf(matchers, part)
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

  /**
   * The series of one metric in pieces, with the groups that they fall into. Undefined when they are fewer than
   * `least`, and when two families have the name: those may give one series each a part.
   */
  selectGrouped(
    matchers: readonly Matcher[],
    fromMs: number,
    toMs: number,
    by: SeriesGrouping,
    least: number,
  ): GroupedSelection | undefined {
    const parts = this.#namedParts(matchers)
    if (parts.length !== 1) return undefined
    const { family, part } = parts[0]!
    const { streams } = family
    const eachHas =
      part === '_bucket' && streams.length > 0 ? this.#boundTexts(streams[0]!).length : 1
    if (streams.length * eachHas < least) return undefined
    const groups = new SeriesGroups(this.#index, family.name + suffixOf(part), by)
    return {
      pieces: this.#pieces(parts[0]!, matchers, fromMs, toMs, groups),
      labelsOf: (group) => groups.labelsOf(group),
    }
  }

  *#pieces(
    { family, part }: NamedPart,
    matchers: readonly Matcher[],
    fromMs: number,
    toMs: number,
    groups: SeriesGroups,
  ): Iterable<SeriesPiece | undefined> {
    const { tests, bounds } = this.#testsOf(matchers, part)
    let looked = 0
    let series: StoredSeries[] = []
    let numbers: number[] = []
    for (const id of family.streams) {
      if (++looked % STREAMS_A_STEP === 0 || series.length >= SERIES_A_STEP) {
        yield series.length === 0 ? undefined : { series, groups: numbers }
        series = []
        numbers = []
      }
      if (!this.#mayHave(id, fromMs, toMs) || !this.#matches(id, tests)) continue
      const stem = groups.stemOf(id, part === '_bucket')
      const first = series.length
      this.#addSeries(series, family, part, id, bounds)
      for (let i = first; i < series.length; i++) {
        numbers.push(groups.groupOf(stem, series[i]!.bound ?? ''))
      }
    }
    if (series.length > 0) yield { series, groups: numbers }
  }

  /** The labels of the series that an observation of a stream counts in: of a histogram, its bucket. */
  labelsOfObservation(id: number, value: number): LabelSet {
    const family = this.#index.familyOf(id)
    if (family.storage !== 'row') return this.#labelSets.of(family, id, '')
    const { values, texts } = this.#bounds.get(this.#index.rowLayout(id))
    const bucket = values.findIndex((bound) => value <= bound)
    return this.#labelSets.of(family, id, '_bucket', texts.at(bucket))
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

  /** Tests of a stream's own labels, and of the bounds of its buckets. */
  #testsOf(matchers: readonly Matcher[], part: Part) {
    const isOfBound = ({ name }: Matcher) => part === '_bucket' && name === 'le'
    const others = matchers.filter(({ name }) => name !== METRIC_NAME)
    return {
      tests: others
        .filter((matcher) => !isOfBound(matcher))
        .map((matcher) => labelTest(matcher, this.#index.labels)),
      bounds: others.filter(isOfBound).map(compileValueTest),
    }
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
    for (const test of tests) {
      const { only } = test
      if (!(only === undefined ? this.#passes(id, test) : this.#index.hasLabel(id, only))) {
        return false
      }
    }
    return true
  }

  #passes(id: number, { name, test, matchesAbsent, results }: LabelTest): boolean {
    const { labels } = this.#index
    for (const label of this.#index.labelIds(id)) {
      if (labels.nameOf(label) !== name) continue
      const known = results.get(label)
      if (known !== undefined) return known
      const passed = test(labels.valueOf(label))
      results.set(label, passed)
      return passed
    }
    return matchesAbsent
  }

  #addSeries(
    found: StoredSeries[],
    family: Family,
    part: Part,
    id: number,
    bounds: readonly ((value: string) => boolean)[],
  ): void {
    const histograms = this.#histograms
    if (part === '_bucket') {
      for (const text of this.#boundTexts(id)) {
        if (bounds.every((test) => test(text))) found.push(histograms.series(family, id, text))
      }
    } else if (part !== 'all') found.push(histograms.series(family, id, part))
    else if (family.storage === 'exponential') found.push(histograms.nativeSeries(family, id))
    else found.push(new NumberSeries(this.#labelSets, this.#chains, family, id))
  }

  /** The `le` values of a histogram; of all its sets of bounds when they changed. */
  #boundTexts(id: number): readonly string[] {
    const layouts = this.#index.rowLayouts(id)
    if (layouts.length === 1) return this.#bounds.get(layouts[0]!).texts
    return [...new Set(layouts.flatMap((layout) => this.#bounds.get(layout).texts))]
  }
}

function labelTest(matcher: Matcher, labels: LabelTable): LabelTest {
  const { name, type, value } = matcher
  const test = compileValueTest(matcher)
  const only =
    type === '=' && value !== '' ? (labels.knownIdOf(name, value) ?? NO_LABEL) : undefined
  return { name, only, test, matchesAbsent: test(''), results: new Map() }
}

class NumberSeries implements StoredSeries {
  readonly #labelSets: SeriesLabelSets
  readonly #chains: BlockChains
  readonly #family: Family
  readonly #id: number

  constructor(labelSets: SeriesLabelSets, chains: BlockChains, family: Family, id: number) {
    this.#labelSets = labelSets
    this.#chains = chains
    this.#family = family
    this.#id = id
  }

  get labels(): LabelSet {
    return this.#labelSets.of(this.#family, this.#id, '')
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
