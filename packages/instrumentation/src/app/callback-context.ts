import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'

/**
 * Whether a context that is entered inside a callback of Node's own is gone when the callback returns. So it is where
 * contexts travel as frames (`AsyncContextFrame`, the default since Node 24). Where they lie on resources, the resource
 * of the callback keeps what was entered, for its next callback.
 */
export function callbacksRestoreContext(): boolean {
  const probe = new AsyncLocalStorage<boolean>()
  const resource = new AsyncResource('chokepoint.probe')
  resource.runInAsyncScope(() => probe.enterWith(true))
  const kept = resource.runInAsyncScope(() => probe.getStore())
  probe.disable()
  return kept === undefined
}
