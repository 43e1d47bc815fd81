import type { AsyncLocalStorage } from 'node:async_hooks'
import type { EventEmitter } from 'node:events'
import { type Context, type ContextManager, ROOT_CONTEXT } from '@opentelemetry/api'

/** OpenTelemetry's view of the AsyncLocalStorage that carries the local root. */
export class StoreContextManager implements ContextManager {
  readonly #store: AsyncLocalStorage<Context>

  constructor(store: AsyncLocalStorage<Context>) {
    this.#store = store
  }

  active(): Context {
    return this.#store.getStore() ?? ROOT_CONTEXT
  }

  with<Args extends unknown[], Work extends (...args: Args) => ReturnType<Work>>(
    context: Context,
    work: Work,
    thisArg?: ThisParameterType<Work>,
    ...args: Args
  ): ReturnType<Work> {
    const call = thisArg === undefined ? work : work.bind(thisArg)
    return this.#store.run(context, call as Work, ...args)
  }

  bind<Target>(context: Context, target: Target): Target {
    if (typeof target === 'function') return this.#bindFunction(context, target)
    if (isEmitter(target)) this.#bindEmitter(context, target)
    return target
  }

  enable(): this {
    return this
  }

  disable(): this {
    return this
  }

  #bindFunction<Target>(context: Context, target: Target): Target {
    const store = this.#store
    const work = target as unknown as (...args: unknown[]) => unknown
    const bound = function (this: unknown, ...args: unknown[]): unknown {
      return store.run(context, () => work.apply(this, args))
    }
    Object.defineProperty(bound, 'length', { value: work.length, configurable: true })
    return bound as unknown as Target
  }

  /** Listeners added from now on run in the context; one that is removed is found under its own name. */
  #bindEmitter(context: Context, emitter: EventEmitter): void {
    const bound = new WeakMap<object, (...args: unknown[]) => void>()
    type Add = (event: string | symbol, listener: (...args: unknown[]) => void) => EventEmitter
    for (const name of ['on', 'addListener', 'once', 'prependListener'] as const) {
      const add = emitter[name].bind(emitter) as Add
      emitter[name] = (event: string | symbol, listener: (...args: unknown[]) => void) => {
        const wrapped = this.#bindFunction(context, listener)
        bound.set(listener, wrapped)
        add(event, wrapped)
        return emitter as never
      }
    }
    for (const name of ['off', 'removeListener'] as const) {
      const remove = emitter[name].bind(emitter) as Add
      emitter[name] = (event: string | symbol, listener: (...args: unknown[]) => void) => {
        remove(event, bound.get(listener) ?? listener)
        return emitter as never
      }
    }
  }
}

function isEmitter(target: unknown): target is EventEmitter {
  return (
    typeof target === 'object' &&
    target !== null &&
    typeof (target as Partial<EventEmitter>).on === 'function' &&
    typeof (target as Partial<EventEmitter>).removeListener === 'function'
  )
}
