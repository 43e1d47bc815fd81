import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import {
  type LogsJson,
  type MetricsJson,
  type OtlpMetric,
  readMetrics,
  type TracesJson,
} from './otlp-json.ts'

export interface OtlpRequest {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** A real HTTP server that keeps what is posted to it; `answer` may be changed at any time. */
export class OtlpReceiver {
  readonly requests: OtlpRequest[] = []
  readonly #parsed = new WeakMap<OtlpRequest, object>()
  answer: (response: ServerResponse, request: OtlpRequest) => void = (response) => {
    response.setHeader('content-type', 'application/json').end('{}')
  }
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const raw = Buffer.concat(chunks)
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
      const kept = { path: request.url ?? '', headers: request.headers, body }
      this.requests.push(kept)
      this.answer(response, kept)
    })
  })

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  /** The metric requests that came in, oldest first. */
  get metricRequests(): readonly MetricsJson[] {
    return this.#bodies('metrics') as MetricsJson[]
  }

  get traceRequests(): readonly TracesJson[] {
    return this.#bodies('traces') as TracesJson[]
  }

  get logRequests(): readonly LogsJson[] {
    return this.#bodies('logs') as LogsJson[]
  }

  /** All states in which a metric came in, oldest first. */
  metrics(name: string): OtlpMetric[] {
    return this.metricRequests.flatMap((request) => readMetrics(request, name))
  }

  #bodies(signal: string): unknown[] {
    return this.requests
      .filter(({ path }) => path === `/v1/${signal}`)
      .map((request) => {
        // Conditions look again and again at what came in: each body is parsed once.
        const known = this.#parsed.get(request)
        if (known !== undefined) return known
        const parsed: object = JSON.parse(request.body.toString())
        this.#parsed.set(request, parsed)
        return parsed
      })
  }
}
