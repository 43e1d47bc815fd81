import type { Components } from './components.ts'

/** A controller's method as Nest's router calls it: with guards, pipes and interceptors. */
type Handler = (...args: unknown[]) => unknown
type Create = (
  this: unknown,
  instance: object,
  callback: unknown,
  method: string,
  ...more: unknown[]
) => Handler

/**
 * Prepares Nest: each controller is a component, and each of its methods an operation and a span of its request. The
 * route comes from Express or Fastify underneath. (Files of `@nestjs/core`, CommonJS up to version 11, then ES
 * modules.)
 */
export function prepareNest(
  exported: unknown,
  { components }: { readonly components: Components },
): void {
  const { RouterExecutionContext } = exported as {
    RouterExecutionContext?: { prototype: { create?: Create } }
  }
  const prototype = RouterExecutionContext?.prototype
  const create = prototype?.create
  if (prototype === undefined || typeof create !== 'function') return
  prototype.create = function chokepointCreate(instance, callback, method, ...more) {
    const handler = create.call(this, instance, callback, method, ...more)
    const controller = components.get(instance?.constructor?.name ?? 'Controller')
    return function chokepointHandler(this: unknown, ...args) {
      return controller.track(method, () => handler.apply(this, args))
    }
  }
}
