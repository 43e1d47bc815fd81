import { ChokepointError } from '../model/errors.ts'

/** What came over one protocol and what became of it, for the analyzer's own metrics. */
export interface ReceiveStats {
  requests: number
  /** As they arrived. */
  bytes: number
  inflatedBytes: number
  /** Requests that were answered with an error, by its code. */
  readonly refused: Map<string, number>
}

/** Nothing came yet. */
export function noneReceived(): ReceiveStats {
  return { requests: 0, bytes: 0, inflatedBytes: 0, refused: new Map() }
}

/** Counts a request that was answered with an error. */
export function countRefusal({ refused }: ReceiveStats, error: unknown): void {
  const code = error instanceof ChokepointError ? error.code : 'INTERNAL'
  refused.set(code, (refused.get(code) ?? 0) + 1)
}
