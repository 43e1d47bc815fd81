import { availableParallelism } from 'node:os'
import { setFlagsFromString } from 'node:v8'

/** Later ones do not know the flag and say so. */
const V8_WITH_PHASES_MAX = 13

/**
 * Has V8 collect garbage in short pauses, on few cores and while others want them, too. With many series its own pauses
 * were up to 80 ms, most of it spent waiting.
 */
export function shortenPauses(): void {
  // A nursery is emptied in 2 ms. With helpers, the pause lasts until each of them had its turn on a core.
  setFlagsFromString('--no-parallel-scavenge')
  // Else a nursery that is full while a collection marks ends the marking: what is left of it, in one piece.
  if (Number.parseInt(process.versions.v8, 10) <= V8_WITH_PHASES_MAX) {
    setFlagsFromString('--no-separate-gc-phases')
  }
  // On one core a thread that marks beside the program takes half of it; the program does it in short steps.
  if (availableParallelism() === 1) setFlagsFromString('--no-concurrent-marking')
}
