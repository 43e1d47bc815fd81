import { RECORDED_INSTRUMENTS } from './recorded-instruments.ts'

// One SharedArrayBuffer joins the app thread and the watch thread:
//
//   byte 0      CONTROL    16 x Int32, by Atomics only
//                 [0] STATE      watch thread: 0 starting, 1 ready, 2 closed;
//                                with notify                                      watch writes
//                 [1] LEVEL      what the governor allows (chokepoint.sdk.level)  watch writes
//                 [2] DIRECTORY  bytes of the directory that are valid            app writes
//                 [3] ASKED      flushes asked for by the app thread              app writes
//                 [4] DONE       flushes finished, with notify                    watch writes
//                 [5] TAKEN      span batches taken by the watch thread           watch writes
//   byte 64     CLOCK       8 x Float64
//                 [0] BEAT_AT    process.hrtime in ms at the newest heartbeat     app writes
//                 [1] BEATS      heartbeats so far                                app writes
//                 [2] BEAT_RAN   ms of processor time of the app thread at the
//                                newest heartbeat; 0 where Node cannot tell       app writes
//   byte 128    DROPS      16 x Float64, one per row of DROPS                     app writes
//   byte 256    VALUES      Float64; per recorded instrument one region of equal slots:
//                 histogram slot   | sum | bucket 0 | ... | bucket n |            app writes
//                 other slot       | value |
//                 slot 0 of a region is its overflow series
//   then        DIRECTORY   UTF-8 lines `[instrument, slot, {attributes}]\n`, only ever appended
//
// There is one writer for each word. A histogram has no count of its own: it is the sum of its buckets, so
// that a reader between two writes of one record is at most one measurement behind in `sum`, and
// buckets and count always agree. Aligned 8-byte stores do not tear on the 64-bit machines Node runs on.

export const STATE = 0
export const LEVEL = 1
export const DIRECTORY = 2
export const ASKED = 3
export const DONE = 4
export const TAKEN = 5

export const STATE_STARTING = 0
export const STATE_READY = 1
export const STATE_CLOSED = 2

export const BEAT_AT = 0
export const BEATS = 1
export const BEAT_RAN = 2

/** What the app thread drops, in the order of the drop words. */
export const DROPS = [
  { kind: 'series', reason: 'limit' },
  { kind: 'series', reason: 'directory_full' },
  { kind: 'attribute', reason: 'length' },
  { kind: 'span', reason: 'queue_full' },
  { kind: 'span', reason: 'trace_too_long' },
  { kind: 'call', reason: 'shape_limit' },
  { kind: 'error', reason: 'guarded' },
] as const

export type DropKey = `${(typeof DROPS)[number]['kind']}.${(typeof DROPS)[number]['reason']}`

const CONTROL_BYTE = 0
const CLOCK_BYTE = 64
const DROPS_BYTE = 128
const VALUES_BYTE = 256
/** Room for about 6,000 attribute sets of 300 bytes; pages are only taken from the system when touched. */
const DIRECTORY_BYTES = 2 * 1024 * 1024

/** Where an instrument's slots lie, in words of the VALUES area. */
export interface Region {
  readonly base: number
  readonly stride: number
  /** Slots, the overflow slot included. */
  readonly slots: number
}

/** The regions of all recorded instruments, by instrument number. */
export const REGIONS: readonly Region[] = layRegions()

const VALUES_WORDS = REGIONS.reduce((end, region) => Math.max(end, regionEnd(region)), 0)

function regionEnd(region: Region): number {
  return region.base + region.stride * region.slots
}

function layRegions(): Region[] {
  const regions: Region[] = []
  let base = 0
  for (const { boundaries, row, seriesMax } of RECORDED_INSTRUMENTS) {
    const stride = row.kind === 'histogram' ? boundaries.length + 2 : 1
    const region = { base, stride, slots: seriesMax + 1 }
    regions.push(region)
    base = regionEnd(region)
  }
  return regions
}

/** The views of the shared memory; both threads make their own over the same buffer. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer
  readonly control: Int32Array
  readonly clock: Float64Array
  readonly drops: Float64Array
  readonly values: Float64Array
  readonly directory: Buffer
}

/** Allocates the shared memory; the app thread does this once. */
export function createSharedMemory(): SharedMemory {
  return viewSharedMemory(new SharedArrayBuffer(VALUES_BYTE + VALUES_WORDS * 8 + DIRECTORY_BYTES))
}

/** Lays the views over a buffer that the other thread allocated. */
export function viewSharedMemory(buffer: SharedArrayBuffer): SharedMemory {
  return {
    buffer,
    control: new Int32Array(buffer, CONTROL_BYTE, 16),
    clock: new Float64Array(buffer, CLOCK_BYTE, 8),
    drops: new Float64Array(buffer, DROPS_BYTE, 16),
    values: new Float64Array(buffer, VALUES_BYTE, VALUES_WORDS),
    directory: Buffer.from(buffer, VALUES_BYTE + VALUES_WORDS * 8, DIRECTORY_BYTES),
  }
}
