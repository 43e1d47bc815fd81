import type { SpanRecordAttributes } from '../shared/messages.ts'
import type { PeerStats } from './http-client-metrics.ts'
import type { Call, CallDetails } from './local-root.ts'

const URL_LENGTH_MAX = 1024

/**
 * A request to another service, from its start to its end. Its address is put together only for a span that is kept:
 * that spares all others a few strings.
 */
export class HttpCall implements CallDetails {
  readonly call: Call
  readonly peer: PeerStats
  /** Undefined until a response has come. */
  status: number | undefined
  errorType: string | undefined
  readonly #origin: string
  readonly #path: string

  /** @param path may have a query, which is left out: it may hold secrets */
  constructor(call: Call, peer: PeerStats, origin: string, path: string) {
    this.call = call
    this.peer = peer
    this.status = undefined
    this.errorType = undefined
    this.#origin = origin
    this.#path = path
    call.details = this
  }

  get attributes(): SpanRecordAttributes {
    const query = this.#path.indexOf('?')
    const path = query < 0 ? this.#path : this.#path.slice(0, query)
    return {
      'url.full': `${this.#origin}${path}`.slice(0, URL_LENGTH_MAX),
      ...(this.status === undefined ? {} : { 'http.response.status_code': this.status }),
    }
  }
}
