import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { guardedAddresses, type ResolveFunc } from './address-guard.ts'

/** One message to send. */
export interface PostRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly timeoutMs: number
  readonly allowPrivate: boolean | undefined
  readonly signal: AbortSignal
}

/** What the receiver answered; redirects are answers like any other, never followed. */
export interface PostResponse {
  readonly status: number
  readonly retryAfter: string | undefined
  /** The beginning of the answer's body, for the delivery log. */
  readonly text: string
}

/** Sends a message. Rejects when there is no answer. */
export type PostFunc = (request: PostRequest) => Promise<PostResponse>

// Enough for the sentence that says what was wrong with a message.
const ANSWER_BYTES_MAX = 500

/** Sends by HTTP to an address that the guard allows, and only there: the name is not resolved again. */
export async function httpPost(
  { url: address, headers, body, timeoutMs, allowPrivate, signal }: PostRequest,
  resolve?: ResolveFunc,
): Promise<PostResponse> {
  const url = new URL(address)
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const addresses = await untilAborted(guardedAddresses(url, allowPrivate, resolve), deadline)
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((fulfil, reject) => {
    const request = send(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
        signal: deadline,
        // A kept connection that the receiver closed meanwhile would cost a retry; messages are few.
        agent: false,
        lookup: (_host, options, done) => {
          if (options.all === true) done(null, [...addresses])
          else done(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 4)
        },
      },
      (response) => {
        const status = response.statusCode ?? 0
        const retryAfter = response.headers['retry-after']
        let text = ''
        const finish = () => {
          fulfil({ status, retryAfter, text: text.slice(0, ANSWER_BYTES_MAX) })
          response.destroy()
        }
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
          if (text.length >= ANSWER_BYTES_MAX) finish()
        })
        response.on('end', finish)
        response.on('error', finish)
      },
    )
    request.on('error', (error) => reject(deadlineError(error, timeoutMs, signal)))
    request.end(body)
  })
}

function deadlineError(error: Error, timeoutMs: number, signal: AbortSignal): Error {
  if (signal.aborted) return new Error('the analyzer stopped while it waited for the answer')
  const timedOut = error.name === 'AbortError' || error.name === 'TimeoutError'
  return timedOut ? new Error(`no answer within ${timeoutMs} ms`, { cause: error }) : error
}

async function untilAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted()
  return new Promise((fulfil, reject) => {
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    work.then(fulfil, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
