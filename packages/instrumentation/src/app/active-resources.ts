import { nowMs as ownNowMs } from '../shared/own-clock.ts'

const TYPES_MAX = 64
/** The part of the time that counting may take: of eight thousand connections it takes 0.8 to 3 ms. */
const SHARE_MAX = 0.0005

/** What keeps the event loop alive, by type; counted again at most as often as its price allows. */
export class ActiveResources {
  readonly #list: () => readonly string[]
  readonly #nowMs: () => number
  #counts: Readonly<Record<string, number>> = {}
  #dueMs = Number.NEGATIVE_INFINITY

  /** @param list gives the type of each resource that keeps the loop alive */
  constructor(
    list: () => readonly string[] = () => process.getActiveResourcesInfo(),
    nowMs: () => number = ownNowMs,
  ) {
    this.#list = list
    this.#nowMs = nowMs
  }

  /** The newest counts. */
  counts(): Readonly<Record<string, number>> {
    const startMs = this.#nowMs()
    if (startMs < this.#dueMs) return this.#counts
    this.#counts = countTypes(this.#list())
    const endMs = this.#nowMs()
    this.#dueMs = endMs + (endMs - startMs) / SHARE_MAX
    return this.#counts
  }
}

function countTypes(types: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  let known = 0
  for (const type of types) {
    if (counts[type] === undefined && known++ >= TYPES_MAX) continue
    counts[type] = (counts[type] ?? 0) + 1
  }
  return counts
}
