import type { EventEmitter } from 'node:events'
import { type ErrorSink, guarded } from './guard.ts'

/** A listener of ours on each emitter of a class. */
export interface KeptListener<Emitter extends EventEmitter> {
  readonly event: string
  readonly listener: (this: Emitter) => void
  /** Whether we still wait for the event on this one. */
  readonly waits: (emitter: Emitter) => boolean
}

/**
 * Keeps a listener of ours when the app removes all listeners of an emitter, as servers of event streams do with a
 * response that they give up: its end would never be seen, and it would be active for good. It costs nothing until then.
 */
export function keepListener<Emitter extends EventEmitter>(
  prototype: Emitter,
  { event, listener, waits }: KeptListener<Emitter>,
  report: ErrorSink,
): void {
  const remove = prototype.removeAllListeners as (...given: unknown[]) => Emitter
  const putBack = guarded(report, function (this: Emitter, removed: unknown): void {
    if ((removed === undefined || removed === event) && waits(this)) this.on(event, listener)
  })
  const removeAllListeners = function (this: Emitter, ...given: unknown[]): Emitter {
    const result = remove.apply(this, given)
    putBack.call(this, given[0])
    return result
  }
  Object.defineProperty(prototype, 'removeAllListeners', {
    value: removeAllListeners,
    configurable: true,
    writable: true,
  })
}
