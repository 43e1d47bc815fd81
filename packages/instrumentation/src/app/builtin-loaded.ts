import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setImmediate } from 'node:timers'
import { type ErrorSink, guarded } from './guard.ts'

/** `node:http2`, as `process.getBuiltinModule` gives it. */
export type Http2 = typeof import('node:http2')

/** Modules of Node that most apps never load, as `process.getBuiltinModule` gives them. */
interface RareModules {
  readonly https: typeof import('node:https')
  readonly http2: Http2
}

// One of these speaks before the first request of such a module is handled, whoever has loaded it and how; never for
// each request.
const CHANNELS: Readonly<Record<keyof RareModules, readonly string[]>> = {
  https: ['net.server.socket'],
  http2: ['http2.server.stream.created', 'http2.client.stream.created', 'net.client.socket'],
}

/**
 * Calls `prepare` once, as soon as the app has loaded a module of Node. To load it for every app would cost each start
 * ten milliseconds and more, and eight megabytes for TLS. Gives the hook to be called when a CommonJS module asks for it.
 */
export function whenBuiltinLoads<Name extends keyof RareModules>(
  name: Name,
  prepare: (module: RareModules[Name]) => void,
  report: ErrorSink,
): () => void {
  let done = false

  const loaded = guarded(report, () => {
    if (done) return
    done = true
    for (const channel of CHANNELS[name]) unsubscribe(channel, look)
    prepare(process.getBuiltinModule(name) as RareModules[Name])
  })

  const look = (): void => {
    if (isLoaded(name)) loaded()
  }

  for (const channel of CHANNELS[name]) subscribe(channel, look)
  setImmediate(look).unref()
  return loaded
}

/** The list of what Node has loaded of its own. */
function isLoaded(name: string): boolean {
  const { moduleLoadList } = process as typeof process & { readonly moduleLoadList?: string[] }
  return moduleLoadList?.includes(`NativeModule ${name}`) ?? false
}
