import type { Component } from './components.ts'
import { processWide } from './process-wide.ts'

/**
 * A named part of the app. Its operations are recorded whether the preload is there or not, so that libraries
 * may call this; they leave the process when it is.
 */
export function component(name: string): Component {
  return processWide().components.get(name)
}

type Method<This, Args extends unknown[], Result> = (this: This, ...args: Args) => Result

/** A decorator for methods, of the standard and of TypeScript's `experimentalDecorators` alike. */
export interface TrackedDecorator {
  <This, Args extends unknown[], Result>(
    method: Method<This, Args, Result>,
    context: { readonly name: string | symbol },
  ): Method<This, Args, Result>
  (prototype: object, name: string | symbol, descriptor: PropertyDescriptor): void
}

/**
 * A decorator for methods: each call is an operation of the component, by the method's own name unless another is
 * given. What the method returns, resolves to or throws stays as it is.
 */
export function tracked(name: string, operation?: string): TrackedDecorator {
  const part = component(name)

  function around(method: Method<unknown, unknown[], unknown>, called: string) {
    return function trackedMethod(this: unknown, ...args: unknown[]): unknown {
      return part.track(called, () => method.apply(this, args))
    }
  }

  function decorate(
    target: unknown,
    context: { readonly name: string | symbol } | string | symbol,
    descriptor?: PropertyDescriptor,
  ): unknown {
    if (typeof context === 'object') {
      return around(target as () => unknown, operation ?? String(context.name))
    }
    // The older way: the method lies in a descriptor of its prototype.
    if (descriptor !== undefined) {
      descriptor.value = around(descriptor.value, operation ?? String(context))
    }
    return undefined
  }

  return decorate as TrackedDecorator
}
