import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { LookupFunction } from 'node:net'
import { CONSOLE, type OtlpSettings } from '../../settings/otlp-settings.ts'
import { http } from '../../shared/node-http.ts'
import { writeToConsole } from './console-post.ts'

/** An answer to a POST; the body is cut at 64 KiB. */
export interface HttpAnswer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly body: Uint8Array
}

/** Sends one body. Rejects when there is no answer in time or none at all. */
export type HttpPost = (body: Uint8Array, timeoutMs: number) => Promise<HttpAnswer>

export interface HttpPoster {
  readonly post: HttpPost
  close(): void
}

const ANSWER_BYTES_MAX = 64 * 1024

/**
 * Posts to one OTLP endpoint over a kept connection; it never keeps the process alive. With a certificate that cannot
 * be read nothing is sent, and each try says why.
 */
export function createHttpPoster(settings: OtlpSettings): HttpPoster {
  if (settings.url === CONSOLE.url) return { post: writeToConsole, close: () => {} }
  try {
    return createPoster(settings)
  } catch (error) {
    return { post: () => Promise.reject(error), close: () => {} }
  }
}

function createPoster(settings: OtlpSettings): HttpPoster {
  const url = new URL(settings.url)
  const options = { keepAlive: true, maxSockets: 2, lookup: lookupFor(url.hostname) }
  // TLS takes eight megabytes, so only who needs it loads it.
  const https = url.protocol === 'https:' ? process.getBuiltinModule('node:https') : undefined
  const agent =
    https === undefined
      ? new http.Agent(options)
      : new https.Agent({ ...options, ...readPemFiles(settings) })
  const { request } = https ?? http
  const headers = {
    'content-type': settings.encoding === 'json' ? 'application/json' : 'application/x-protobuf',
    ...(settings.gzip ? { 'content-encoding': 'gzip' } : {}),
    'user-agent': 'chokepoint-instrumentation',
    ...settings.headers,
  }
  const post = (body: Uint8Array, signal: AbortSignal): Promise<HttpAnswer> =>
    new Promise((resolve, reject) => {
      const outgoing = request(url, { method: 'POST', agent, headers, signal }, (incoming) => {
        readAnswer(incoming).then(resolve, reject)
      })
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        // The receiver closed the kept connection just when it was used again: that tells nothing of the receiver.
        if (outgoing.reusedSocket && error.code === 'ECONNRESET' && !signal.aborted) {
          post(body, signal).then(resolve, reject)
        } else reject(error)
      })
      outgoing.end(body)
    })
  return { post: limited(post), close: () => agent.destroy() }
}

/** Gives up when the time is over, and says so. */
function limited(post: (body: Uint8Array, signal: AbortSignal) => Promise<HttpAnswer>): HttpPost {
  return async (body, timeoutMs) => {
    const wholeMs = Math.max(1, Math.ceil(timeoutMs))
    const signal = AbortSignal.timeout(wholeMs)
    try {
      return await post(body, signal)
    } catch (error) {
      throw signal.aborted ? new Error(`no answer within ${wholeMs} ms`) : error
    }
  }
}

async function readAnswer(incoming: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length
    // The connection is given up: draining an endless answer would cost more than a new one.
    if (bytes > ANSWER_BYTES_MAX) break
    chunks.push(chunk)
  }
  return {
    status: incoming.statusCode ?? 0,
    retryAfter: incoming.headers['retry-after'],
    body: Buffer.concat(chunks),
  }
}

function readPemFiles({ caFile, keyFile, certificateFile }: OtlpSettings) {
  return {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
    ...(certificateFile === undefined ? {} : { cert: readFileSync(certificateFile) }),
  }
}

/**
 * The usual lookup waits for a free thread of the app's thread pool, so a saturated pool would
 * silence us just when it should be seen. The name of this machine needs no lookup.
 */
function lookupFor(hostname: string): LookupFunction | undefined {
  if (hostname !== 'localhost') return undefined
  return (_hostname, options, callback) => {
    const addresses = [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ]
    if (options.all) callback(null, addresses)
    else callback(null, '127.0.0.1', 4)
  }
}
