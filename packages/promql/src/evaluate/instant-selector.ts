import type { VectorSelector } from '../ast.ts'
import { type LabelSet, METRIC_NAME } from '../label-set.ts'
import { SAMPLE_HISTOGRAM, SAMPLE_STALE, type SampleBuffer } from '../sample-buffer.ts'
import type { Matcher, ReadableSeries } from '../series-source.ts'
import { ABSENT, type Block, BlockBuilder } from './block.ts'
import { endOf, type Frame } from './frame.ts'
import { atOf, msOf } from './prepare.ts'
import type { Query } from './query.ts'
import type { Steps } from './steps.ts'

/** What a selector's cells hold of a sample. */
export type Reading = 'value' | 'timestamp' | 'start-timestamp'

/** The instants at which a selector looks: those of the frame, shifted or fixed by its modifiers. */
export function lookupFrame(
  frame: Frame,
  offsetMs: number,
  atMs: number | undefined,
): { startMs: number; stepMs: number; endMs: number } {
  if (atMs !== undefined) return { startMs: atMs - offsetMs, stepMs: 0, endMs: atMs - offsetMs }
  const startMs = frame.startMs - offsetMs
  return { startMs, stepMs: frame.stepMs, endMs: endOf(frame) - offsetMs }
}

/** The newest sample of each series within the look-back window, at every step. */
export function selectInstant(
  query: Query,
  selector: VectorSelector,
  frame: Frame,
  reading: Reading = 'value',
  prepareBuffer?: (buffer: SampleBuffer) => void,
): Steps<Block> {
  return readInstant(
    query,
    selector.matchers,
    lookupFrame(frame, msOf(selector.offset), atOf(selector.at)),
    frame.steps,
    reading,
    prepareBuffer,
  )
}

/** As {@link selectInstant}, for any matchers and instants. */
export function* readInstant(
  query: Query,
  matchers: readonly Matcher[],
  lookup: { startMs: number; stepMs: number; endMs: number },
  steps: number,
  reading: Reading,
  prepareBuffer?: (buffer: SampleBuffer) => void,
): Steps<Block> {
  const fromMs = lookbackFrom(query, lookup)
  const series = yield* query.select(matchers, fromMs, lookup.endMs)
  const labelsOf = (row: number) => series[row]!.labels
  const out = yield* readSeries(query, series, labelsOf, lookup, steps, reading, prepareBuffer)
  return out.build(sharesName(matchers))
}

/** The newest samples of some series; a row for each that has any, with the labels that it is to have. */
export function* readSeries(
  query: Query,
  series: readonly ReadableSeries[],
  labelsOf: (row: number) => LabelSet,
  lookup: { startMs: number; stepMs: number; endMs: number },
  steps: number,
  reading: Reading,
  prepareBuffer?: (buffer: SampleBuffer) => void,
): Steps<BlockBuilder> {
  const fromMs = lookbackFrom(query, lookup)
  const out = new BlockBuilder(steps, series.length)
  const once = lookup.startMs === lookup.endMs
  let held = 0
  for (const [row, one] of series.entries()) {
    query.checkTime()
    // Before the reading: while this evaluation rests, others use the buffer.
    if (query.mayRest(query.buffer.size + steps)) yield
    const buffer = query.buffer
    buffer.clear()
    if (once && prepareBuffer === undefined) readNewest(one, fromMs, lookup.endMs, buffer)
    else one.read(fromMs, lookup.endMs, buffer)
    query.noteRead(buffer.size)
    if (buffer.size === 0) continue
    prepareBuffer?.(buffer)
    const base = out.add(labelsOf(row))
    const found = once
      ? fillFixed(out, base, steps, buffer, reading)
      : fillSteps(out, base, steps, buffer, lookup, query.lookbackMs, reading)
    if (found === 0) out.undo()
    held += found
    query.look(found)
    query.hold(found)
  }
  query.releaseTo(query.samples - held)
  return out
}

/** The window is open on the left: a sample exactly as old as the look-back is too old. */
export function lookbackFrom(query: Query, { startMs }: { startMs: number }): number {
  return startMs - query.lookbackMs + 1
}

function readNewest(
  series: ReadableSeries,
  fromMs: number,
  toMs: number,
  into: SampleBuffer,
): void {
  if (series.readLast === undefined) series.read(fromMs, toMs, into)
  else series.readLast(fromMs, toMs, into)
}

/** Series of one metric stay distinct without their name. */
function sharesName(matchers: readonly Matcher[]): boolean {
  return matchers.some((matcher) => matcher.name === METRIC_NAME && matcher.type === '=')
}

function fillFixed(
  out: BlockBuilder,
  base: number,
  steps: number,
  buffer: SampleBuffer,
  reading: Reading,
): number {
  const last = buffer.size - 1
  if (buffer.special > 0 && buffer.kinds[last] === SAMPLE_STALE) return 0
  for (let step = 0; step < steps; step++) put(out, base + step, buffer, last, reading)
  return steps
}

function fillSteps(
  out: BlockBuilder,
  base: number,
  steps: number,
  buffer: SampleBuffer,
  lookup: { startMs: number; stepMs: number },
  lookbackMs: number,
  reading: Reading,
): number {
  const { times, values, kinds, size, special } = buffer
  const plain = special === 0 && reading === 'value'
  let found = 0
  let next = 0
  let atMs = lookup.startMs
  for (let step = 0; step < steps; step++, atMs += lookup.stepMs) {
    while (next < size && times[next]! <= atMs) next++
    const newest = next - 1
    if (newest < 0 || times[newest]! <= atMs - lookbackMs) continue
    if (plain) {
      out.values[base + step] = values[newest]!
      out.kinds[base + step] = 1
    } else {
      if (kinds[newest] === SAMPLE_STALE) continue
      put(out, base + step, buffer, newest, reading)
    }
    found++
  }
  return found
}

function put(
  out: BlockBuilder,
  cell: number,
  buffer: SampleBuffer,
  index: number,
  reading: Reading,
): void {
  if (reading === 'timestamp') out.setFloat(cell, buffer.times[index]! / 1000)
  else if (reading === 'start-timestamp') {
    out.setFloat(cell, (buffer.startTimes?.[index] ?? 0) / 1000)
  } else if (buffer.special > 0 && buffer.kinds[index] === SAMPLE_HISTOGRAM) {
    out.setHistogram(cell, buffer.histograms[index]!)
  } else out.setFloat(cell, buffer.values[index]!)
}

/** How many cells of a block hold a sample. */
export function countCells(block: Block): number {
  let cells = 0
  const end = block.rows * block.steps
  for (let cell = 0; cell < end; cell++) if (block.kinds[cell] !== ABSENT) cells++
  return cells
}
