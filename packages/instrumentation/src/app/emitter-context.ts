import type { AsyncLocalStorage } from 'node:async_hooks'
import type { EventEmitter } from 'node:events'
import type { Context } from '@opentelemetry/api'

type Emit = (event: string | symbol, ...args: unknown[]) => boolean

/**
 * Lets the listeners of one emitter run in a context. The later parts of a body reach a server in the context of its
 * connection, which knows no request: what a listener of `end` does would be nobody's.
 */
export function emitIn(
  context: Context,
  emitter: EventEmitter,
  store: AsyncLocalStorage<Context>,
): void {
  const emit = emitter.emit as Emit
  const emitHere: Emit = function (this: EventEmitter, event, ...args) {
    if (store.getStore() !== undefined) return emit.call(this, event, ...args)
    return store.run(context, () => emit.call(this, event, ...args))
  }
  // As the method that it hides: an app that walks over its request does not meet it.
  Object.defineProperty(emitter, 'emit', { value: emitHere, configurable: true, writable: true })
}
