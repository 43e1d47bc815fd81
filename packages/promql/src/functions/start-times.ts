/**
 * Whether a counter began anew between two samples, told by their start timestamps (milliseconds;
 * 0 is unknown). A start at the time of the sample before is a delta sample's, unless that one's
 * own start is unknown or is its own time: then the counter's start was not known.
 */
export function isStartReset(
  previousStartMs: number,
  previousMs: number,
  startMs: number,
  timeMs: number,
): boolean {
  if (previousStartMs === startMs || startMs === 0 || startMs >= timeMs) return false
  if (startMs !== previousMs) return startMs > previousMs
  if (previousStartMs > previousMs) return false
  return previousStartMs !== 0 && previousStartMs !== previousMs
}

/** Whether a new start lies before the sample before: the sender contradicts itself. */
export function overlaps(previousStartMs: number, previousMs: number, startMs: number): boolean {
  return startMs !== 0 && startMs < previousMs && startMs !== previousStartMs
}
