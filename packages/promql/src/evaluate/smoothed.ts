import type { VectorSelector } from '../ast.ts'
import { interpolate, interpolateHistograms } from '../functions/interpolate.ts'
import { quote } from '../go-format.ts'
import { usesCustomBuckets } from '../histogram/buckets.ts'
import { IncompatibleBucketsError } from '../histogram/float-histogram.ts'
import { METRIC_NAME } from '../label-set.ts'
import { MIXED_BUCKETS, MIXED_FLOATS_HISTOGRAMS } from './annotations.ts'
import { type Block, BlockBuilder } from './block.ts'
import type { Frame } from './frame.ts'
import { lookupFrame } from './instant-selector.ts'
import { atOf, msOf } from './prepare.ts'
import type { Query } from './query.ts'
import type { Steps } from './steps.ts'
import { Window } from './window.ts'

/** A `smoothed` instant selector: the value between the samples before and after each instant. */
export function* selectSmoothed(
  query: Query,
  selector: VectorSelector,
  frame: Frame,
): Steps<Block> {
  const lookup = lookupFrame(frame, msOf(selector.offset), atOf(selector.at))
  const fromMs = lookup.startMs - query.lookbackMs + 1
  const toMs = lookup.endMs + query.lookbackMs
  const series = yield* query.select(selector.matchers, fromMs, toMs)
  const out = new BlockBuilder(frame.steps, series.length)
  const window = new Window()
  for (const one of series) {
    query.checkTime()
    if (query.mayRest(query.buffer.size + frame.steps)) yield
    query.buffer.clear()
    one.read(fromMs, toMs, query.buffer)
    window.load(one.labels, query.buffer, false)
    const base = out.add(one.labels)
    let found = 0
    for (let step = 0; step < frame.steps; step++) {
      const atMs = lookup.startMs + step * lookup.stepMs
      window.slide(atMs - query.lookbackMs, atMs + query.lookbackMs)
      if (smooth(query, selector, window, atMs, out, base + step)) found++
    }
    if (found === 0) out.undo()
  }
  const shared = selector.matchers.some(({ name, type }) => name === METRIC_NAME && type === '=')
  return out.build(shared)
}

function smooth(
  query: Query,
  selector: VectorSelector,
  window: Window,
  atMs: number,
  out: BlockBuilder,
  cell: number,
): boolean {
  if (window.floats > 0 && window.histogramCount > 0) {
    const name = quote(window.labels.metricName)
    query.annotations.warn(`${MIXED_FLOATS_HISTOGRAMS} metric name ${name}`, selector.span)
    return false
  }
  if (window.histogramCount > 0) return smoothHistogram(query, selector, window, atMs, out, cell)
  const { times, values, from, to } = window
  let next = from
  while (next < to && times[next]! < atMs) next++
  if (next < to && times[next] === atMs) out.setFloat(cell, values[next]!)
  else if (next === from) return false
  else if (next < to) out.setFloat(cell, interpolate(window, next - 1, atMs, false))
  else out.setFloat(cell, values[next - 1]!)
  return true
}

function smoothHistogram(
  query: Query,
  selector: VectorSelector,
  window: Window,
  atMs: number,
  out: BlockBuilder,
  cell: number,
): boolean {
  const { histogramTimes: times, histograms, histogramFrom: from, histogramTo: to } = window
  let next = from
  while (next < to && times[next]! < atMs) next++
  const after = histograms[next]
  if (next < to && times[next] === atMs) {
    out.setHistogram(cell, after!)
    return true
  }
  if (next === from) return false
  const before = histograms[next - 1]!
  if (next === to) {
    // The hint speaks of the sample before it, not of this instant.
    out.setHistogram(cell, { ...before, counterResetHint: 'unknown' })
    return true
  }
  const warnMixed = () => {
    const name = quote(window.labels.metricName)
    query.annotations.warn(`${MIXED_BUCKETS} ${name}`, selector.span)
    return false
  }
  if (usesCustomBuckets(before) !== usesCustomBuckets(after!)) return warnMixed()
  const isGauge = before.counterResetHint === 'gauge' && after!.counterResetHint === 'gauge'
  try {
    const { annotations } = query
    const at = interpolateHistograms(window, next - 1, atMs, !isGauge, annotations, selector.span)
    out.setHistogram(cell, at)
    return true
  } catch (error) {
    if (!(error instanceof IncompatibleBucketsError)) throw error
    return warnMixed()
  }
}
