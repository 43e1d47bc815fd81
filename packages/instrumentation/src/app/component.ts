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

/**
 * A decorator for methods (the standard ones, TypeScript >= 5): each call is an operation of the component, by
 * the method's own name unless another is given.
 */
export function tracked(name: string, operation?: string) {
  return function decorate<This, Args extends unknown[], Result>(
    method: Method<This, Args, Result>,
    context: { readonly name: string | symbol },
  ): Method<This, Args, Result> {
    const part = component(name)
    const called = operation ?? String(context.name)
    return function trackedMethod(...args) {
      return part.track(called, () => method.apply(this, args))
    }
  }
}
