import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setImmediate } from 'node:timers'
import { type ErrorSink, guarded } from './guard.ts'

/** `node:http2`, as `process.getBuiltinModule` gives it. */
export type Http2 = typeof import('node:http2')

// One of these speaks before the first stream of a process is handled, whoever has loaded the module and how.
const CHANNELS = ['http2.server.stream.created', 'http2.client.stream.created', 'net.client.socket']

/**
 * Calls `prepare` once, as soon as the app has loaded `node:http2`. To load it for every app would cost each start
 * some ten milliseconds. Gives the hook to be called when a CommonJS module asks for it.
 */
export function whenHttp2Loads(prepare: (http2: Http2) => void, report: ErrorSink): () => void {
  let done = false

  const loaded = guarded(report, () => {
    if (done) return
    done = true
    for (const channel of CHANNELS) unsubscribe(channel, look)
    prepare(process.getBuiltinModule('node:http2'))
  })

  const look = (): void => {
    if (isLoaded()) loaded()
  }

  for (const channel of CHANNELS) subscribe(channel, look)
  setImmediate(look).unref()
  return loaded
}

/** The list of what Node has loaded of its own; a program without HTTP/2 never loads it. */
function isLoaded(): boolean {
  const { moduleLoadList } = process as typeof process & { readonly moduleLoadList?: string[] }
  return moduleLoadList?.includes('NativeModule http2') ?? false
}
