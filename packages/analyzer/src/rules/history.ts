import type { AlertTransition } from '../model/alert.ts'

/** Lines of text that outlive the process, oldest first. */
export interface HistoryStorage {
  readonly load: () => readonly string[]
  /** Adds a line, soon. */
  readonly append: (line: string) => void
  /** Writes the lines that are left, in place of all, one by one as the disk takes them. */
  readonly replace: (lines: Iterable<string>) => void
  /** Resolves when everything so far is written, or told of. */
  readonly flush: () => Promise<void>
}

/** The transitions of alerts, the newest ones kept. */
export interface AlertHistory {
  readonly add: (transition: AlertTransition) => void
  /** Oldest first. */
  readonly list: () => readonly AlertTransition[]
  /** Transitions that were forgotten because there was no more room. */
  readonly forgotten: () => number
  /** Resolves when the storage has it all. */
  readonly flush: () => Promise<void>
}

/** Keeps at most `max` transitions; what a storage has from before is taken up. */
export function createAlertHistory(max: number, storage?: HistoryStorage): AlertHistory {
  const lines = storage?.load() ?? []
  let kept: AlertTransition[] = lines.flatMap(parseTransition).slice(-max)
  let stored = kept.length
  let forgotten = 0
  // Nothing is written for a tenant that was only asked for.
  if (kept.length < lines.length) storage?.replace(linesOf(kept.slice()))
  return {
    add: (transition) => {
      kept.push(transition)
      stored++
      storage?.append(JSON.stringify(transition))
      // Cut by the half: the cost of moving and rewriting the rest is then paid once in `max` additions.
      if (stored >= 2 * max) {
        storage?.replace(linesOf(kept.slice(-max)))
        stored = max
      }
      if (kept.length >= 2 * max) {
        forgotten += kept.length - max
        kept = kept.slice(-max)
      }
    },
    list: () => kept.slice(-max),
    forgotten: () => forgotten + Math.max(kept.length - max, 0),
    flush: async () => storage?.flush(),
  }
}

/** Read by and by, so of a list that nothing is added to. */
function* linesOf(transitions: readonly AlertTransition[]): Generator<string> {
  for (const transition of transitions) yield JSON.stringify(transition)
}

/** The transition of a line; none when a crash cut the line off. */
function parseTransition(line: string): readonly AlertTransition[] {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'alert' in value
      ? [value as AlertTransition]
      : []
  } catch {
    return []
  }
}
