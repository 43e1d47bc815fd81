import { WireReader } from './wire-reader.ts'

/** The values of a `SummaryDataPoint`; its times, flags and attributes are in the batch. */
export interface SummaryPoint {
  readonly count: number
  readonly sum: number
  readonly quantiles: readonly (readonly [quantile: number, value: number])[]
}

/** Reads the values of a summary point in [start, end): 4 count, 5 sum, 6 quantile_values. */
export function readSummaryPoint(bytes: Uint8Array, start: number, end: number): SummaryPoint {
  const reader = new WireReader(bytes, start, end)
  let count = 0
  let sum = 0
  const quantiles: [number, number][] = []
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x21) count = reader.fixed64()
    else if (tag === 0x29) sum = reader.double()
    else if (tag === 0x32) quantiles.push(readQuantile(reader.message()))
    else reader.skip(tag)
  }
  return { count, sum, quantiles }
}

// ValueAtQuantile: 1 quantile  2 value
function readQuantile(reader: WireReader): [number, number] {
  let quantile = 0
  let value = 0
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x09) quantile = reader.double()
    else if (tag === 0x11) value = reader.double()
    else reader.skip(tag)
  }
  return [quantile, value]
}
