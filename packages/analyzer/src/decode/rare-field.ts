import { POINT_HAS_EXEMPLARS, POINT_NO_VALUE } from './point-batch.ts'
import type { WireReader } from './wire-reader.ts'

/**
 * Reads a field that most points do not have, behind its tag: the flags, an exemplar, or one that nobody knows.
 * Returns what it adds to `PointBatch.pointFlags`.
 */
export function rareFieldFlags(
  reader: WireReader,
  tag: number,
  flagsTag: number,
  exemplarsTag: number,
): number {
  // DataPointFlags: bit 0 is "no recorded value".
  if (tag === flagsTag) return reader.varint() % 2 === 1 ? POINT_NO_VALUE : 0
  reader.skip(tag)
  return tag === exemplarsTag ? POINT_HAS_EXEMPLARS : 0
}
