import { availableParallelism } from 'node:os'
import { setFlagsFromString } from 'node:v8'

/** Later ones do not know the flag and say so. */
const V8_WITH_PHASES_MAX = 13
/** V8 13.6 and 14.6 know the flag; later ones do by default what it says, and then no longer know it. */
const V8_WITH_EXTERNAL_LIMIT = { min: 13.6, max: 14.7 }

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
  // Else each array buffer that is made while 64 MB came since the last collection marks for 5 ms or more, and reading
  // one request makes dozens of them in a turn.
  const v8 = Number.parseFloat(process.versions.v8)
  if (v8 >= V8_WITH_EXTERNAL_LIMIT.min && v8 <= V8_WITH_EXTERNAL_LIMIT.max) {
    setFlagsFromString('--external-memory-accounted-in-global-limit')
  }
  // Else as much garbage as three times what is in use comes together: to give its pages back takes up to 37 ms at the
  // end, and V8, which takes all of it for objects to mark, marks in steps of 5 ms beside its helper.
  setFlagsFromString('--heap-growing-percent=100')
  // On one core a thread that marks beside the program takes half of it; the program does it in short steps.
  if (availableParallelism() === 1) setFlagsFromString('--no-concurrent-marking')
}
