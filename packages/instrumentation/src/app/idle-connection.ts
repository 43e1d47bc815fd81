import type { AsyncLocalStorage } from 'node:async_hooks'
import { Socket } from 'node:net'
import { symbolOf } from './hidden-value.ts'

type Holder = Record<symbol, unknown>

/** A context as Node carries it: which store has which value. */
interface Frame {
  readonly size: number
  has(store: unknown): boolean
}

/**
 * Lets a connection forget the context of its last request while it waits for the next. Node sets the timer that ends an
 * idle connection inside the last request, so each connection would keep the context of one: some 500 bytes that outlive
 * each minor collection, by which V8 doubles the young generation and comes to full collections, and an end of a
 * connection that seems to be the request's. Only where the context holds nothing else than ours: the app's own stores
 * see what they would see without us. Where contexts do not travel as frames, or Node keeps its timers elsewhere, it
 * changes nothing.
 */
export class IdleConnections {
  readonly #store: AsyncLocalStorage<unknown>
  /** Null: looked for, and not there. */
  #timerKey: symbol | null | undefined
  #frameKey: symbol | null | undefined

  constructor(store: AsyncLocalStorage<unknown>) {
    this.#store = store
  }

  /** A connection's request has ended. */
  forget(socket: object): void {
    // A stand-in for a connection tells nothing of the others.
    if (!(socket instanceof Socket)) return
    if (this.#timerKey === undefined) this.#timerKey = symbolOf(socket, 'timeout') ?? null
    if (this.#timerKey === null) return
    const timer = (socket as unknown as Holder)[this.#timerKey] as Holder | null | undefined
    if (timer === null || timer === undefined) return
    if (this.#frameKey === undefined) this.#frameKey = symbolOf(timer, 'kAsyncContextFrame') ?? null
    if (this.#frameKey === null) return
    const frame = timer[this.#frameKey] as Frame | undefined
    if (frame?.size === 1 && frame.has(this.#store)) timer[this.#frameKey] = undefined
  }
}
