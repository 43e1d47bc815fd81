import type { PointExemplar } from '../decode/exemplars.ts'

/** An exemplar and the stream that it belongs to. */
export interface StoredExemplar {
  readonly id: number
  readonly exemplar: PointExemplar
}

/** The newest exemplars of a tenant; a new one takes the place of the oldest, as in Prometheus. */
export class ExemplarRing {
  readonly #capacity: number
  #entries: StoredExemplar[] = []
  #next = 0
  readonly #newestMs = new Map<number, number>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Keeps an exemplar, unless it is no newer than the one that its stream had last. */
  add(id: number, exemplar: PointExemplar): void {
    if (exemplar.timeMs <= (this.#newestMs.get(id) ?? Number.NEGATIVE_INFINITY)) return
    this.#newestMs.set(id, exemplar.timeMs)
    this.#entries[this.#next] = { id, exemplar }
    this.#next = (this.#next + 1) % this.#capacity
  }

  /** Forgets the exemplars of streams. */
  forget(ids: ReadonlySet<number>): void {
    const kept = [...this.all()].filter(({ id }) => !ids.has(id))
    for (const id of ids) this.#newestMs.delete(id)
    this.#entries = kept
    this.#next = kept.length % this.#capacity
  }

  /** All, oldest first. */
  *all(): Iterable<StoredExemplar> {
    yield* this.#entries.slice(this.#next)
    yield* this.#entries.slice(0, this.#next)
  }
}
