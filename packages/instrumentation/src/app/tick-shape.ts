import { executionAsyncResource } from 'node:async_hooks'

/** An object of the queue of `process.nextTick`, once there was one. */
const kept: object[] = []

/**
 * Keeps one object of `process.nextTick`'s queue alive for good. V8 lets go of the hidden class of these objects
 * when a full collection finds none of them, and our own start makes such a collection likely before the first
 * request. From then on Node makes them the slow way: up to half a microsecond a tick, seven ticks a request. An
 * object that lives keeps its class.
 */
export function keepTickShape(): void {
  // Not by `node:process`, which opens standard input and output for whoever imports it.
  process.nextTick(() => {
    kept[0] = executionAsyncResource()
  })
}
