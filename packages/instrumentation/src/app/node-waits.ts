import dns from 'node:dns'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import type { CallShape, WaitKind } from './call-shape.ts'
import type { ErrorSink } from './guard.ts'
import type { Call } from './local-root.ts'
import type { RequestTracker } from './request-tracker.ts'

/** What a request may wait for in the file system. Streams read and write by `open`, `read`, `write`, `close`. */
const FILE_CALLS = (
  'access appendFile close copyFile cp lstat mkdir mkdtemp open opendir read readFile readdir readv realpath ' +
  'rename rm rmdir stat truncate unlink utimes write writeFile writev'
).split(' ')
const NAME_CALLS = 'lookup resolve resolve4 resolve6 resolveSrv resolveTxt reverse'.split(' ')

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown
type Functions = Record<string, AnyFunction | undefined>

export interface NodeWaitsOptions {
  readonly tracker: RequestTracker
  readonly report: ErrorSink
  /** Whether the user has left files, and names, on. */
  readonly fs: boolean
  readonly dns: boolean
}

/**
 * Sees the waits of requests for files and for names of hosts. There is no channel that tells them, so the
 * functions are wrapped, for `require` and `import` alike; outside of requests they are called as they are.
 */
export function watchNodeWaits({ tracker, report, ...wanted }: NodeWaitsOptions): void {
  const wrap = (kind: WaitKind, names: readonly string[], target: Functions, isAsync: boolean) => {
    const waits = new Waits(tracker, shapeOf(kind), report)
    for (const name of names) {
      const original = target[name]
      if (typeof original !== 'function') continue
      const wrapped = isAsync ? waits.ofPromise(original) : waits.ofCallback(original)
      // The name, the number of arguments, `realpath.native`, and what `promisify` looks for.
      Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original))
      target[name] = wrapped
    }
  }
  if (wanted.fs) {
    wrap('fs', FILE_CALLS, fs as unknown as Functions, false)
    wrap('fs', FILE_CALLS, fs.promises as unknown as Functions, true)
  }
  if (wanted.dns) {
    wrap('dns', NAME_CALLS, dns as unknown as Functions, false)
    wrap('dns', NAME_CALLS, dns.promises as unknown as Functions, true)
  }
  if (wanted.fs || wanted.dns) syncBuiltinESMExports()
}

/** Times calls of one kind. What goes wrong here never reaches the call. */
class Waits {
  readonly #tracker: RequestTracker
  readonly #shape: CallShape
  readonly #report: ErrorSink

  constructor(tracker: RequestTracker, shape: CallShape, report: ErrorSink) {
    this.#tracker = tracker
    this.#shape = shape
    this.#report = report
  }

  ofCallback(original: AnyFunction): AnyFunction {
    const waits = this
    return function wait(this: unknown, ...args: unknown[]): unknown {
      const done = args.at(-1)
      const call = typeof done === 'function' ? waits.#begin() : undefined
      if (call === undefined) return original.apply(this, args)
      // Pushed: a function that is written where it is assigned to an element or a property V8 puts into its old
      // generation, and all that it closes over then lives until a full collection.
      args.pop()
      args.push(function ended(this: unknown, ...results: unknown[]): unknown {
        waits.#end(call)
        return (done as AnyFunction).apply(this, results)
      })
      try {
        return original.apply(this, args)
      } catch (error) {
        waits.#end(call)
        throw error
      }
    }
  }

  ofPromise(original: AnyFunction): AnyFunction {
    const waits = this
    return function wait(this: unknown, ...args: unknown[]): unknown {
      const call = waits.#begin()
      if (call === undefined) return original.apply(this, args)
      const promise = original.apply(this, args)
      if (!(promise instanceof Promise)) {
        waits.#end(call)
        return promise
      }
      // The app gets the promise that follows: a rejection that it does not handle must stay unhandled.
      return promise.finally(() => waits.#end(call))
    }
  }

  #begin(): Call | undefined {
    try {
      const root = this.#tracker.currentRoot
      if (root === undefined || root.ended) return undefined
      return this.#tracker.startCall(this.#shape, false)
    } catch (error) {
      this.#report(error)
      return undefined
    }
  }

  #end(call: Call): void {
    try {
      this.#tracker.endCall(call, undefined)
    } catch (error) {
      this.#report(error)
    }
  }
}

/** One for each kind: a path or a host name is no target that is bounded. */
function shapeOf(kind: WaitKind): CallShape {
  return {
    kind,
    target: '',
    shape: '',
    counted: false,
    spanName: kind,
    spanKind: 0,
    scope: 'chokepoint',
    attributes: {},
  }
}
