import { readFileSync } from 'node:fs'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { LookupFunction } from 'node:net'
import { urlToHttpOptions } from 'node:url'
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
 * Before a request is begun, and before its body is sent, this thread sleeps: on a processor that it shares with the
 * app, short pieces of work keep a request of the app waiting for less long than one of their length.
 */
const APART_MS = 1

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
  const target = { ...urlToHttpOptions(url), method: 'POST', agent, headers }
  return { post: postBy(() => request(target)), close: () => agent.destroy() }
}

/** Gives up when the time is over, and says so. `begin` throws for headers that cannot be sent. */
function postBy(begin: () => ClientRequest): HttpPost {
  return (body, timeoutMs) =>
    new Promise((resolve, reject) => {
      const wholeMs = Math.max(1, Math.ceil(timeoutMs))
      let outgoing: ClientRequest | undefined
      let isOver = false
      const over = (): void => {
        isOver = true
        clearTimeout(timer)
      }
      const fail = (error: unknown): void => {
        over()
        reject(error)
      }
      const timer = setTimeout(() => {
        fail(new Error(`no answer within ${wholeMs} ms`))
        outgoing?.destroy()
      }, wholeMs)
      timer.unref()

      function attempt(): void {
        if (isOver) return
        let request: ClientRequest
        try {
          request = begin()
        } catch (error) {
          fail(error)
          return
        }
        outgoing = request
        request.on('response', (incoming) => {
          readAnswer(incoming, fail, (answer) => {
            over()
            resolve(answer)
          })
        })
        request.on('error', (error: NodeJS.ErrnoException) => {
          // The receiver closed the kept connection just when it was used again: that tells nothing of the receiver.
          if (request.reusedSocket && error.code === 'ECONNRESET' && !isOver) attempt()
          else fail(error)
        })
        setTimeout(() => request.end(body), APART_MS)
      }
      setTimeout(attempt, APART_MS)
    })
}

function readAnswer(
  incoming: IncomingMessage,
  fail: (error: unknown) => void,
  done: (answer: HttpAnswer) => void,
): void {
  const chunks: Buffer[] = []
  let bytes = 0
  const end = (): void =>
    done({
      status: incoming.statusCode ?? 0,
      retryAfter: incoming.headers['retry-after'],
      body: Buffer.concat(chunks),
    })
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= ANSWER_BYTES_MAX) {
      chunks.push(chunk)
      return
    }
    // The connection is given up: draining an endless answer would cost more than a new one.
    end()
    incoming.destroy()
  })
  incoming.on('end', end)
  incoming.on('error', fail)
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
