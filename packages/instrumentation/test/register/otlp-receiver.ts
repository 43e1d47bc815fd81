import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An attribute list of OTLP/JSON as a plain object. */
type Attributes = Record<string, string | number | boolean>

export interface ReceivedPoint {
  readonly metric: string
  readonly attributes: Attributes
  readonly value: number
  /** Of a histogram: how many. */
  readonly count: number
}

export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly traceState: string | undefined
  readonly name: string
  readonly kind: number
  readonly attributes: Attributes
  readonly status: number
}

interface OtlpAttribute {
  readonly key: string
  readonly value: Record<string, string | number | boolean>
}

/** Takes OTLP/JSON over HTTP and keeps what came, newest metrics last. */
export class OtlpReceiver {
  readonly url: string
  readonly #server: Server
  readonly #bodies: { path: string; body: Record<string, never> }[] = []

  private constructor(server: Server, port: number) {
    this.#server = server
    this.url = `http://127.0.0.1:${port}`
  }

  static async start(): Promise<OtlpReceiver> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString())
        receiver.#bodies.push({ path: request.url ?? '', body })
        response.setHeader('content-type', 'application/json')
        response.end('{}')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const receiver = new OtlpReceiver(server, (server.address() as AddressInfo).port)
    return receiver
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  /** Forgets all. */
  clear(): void {
    this.#bodies.length = 0
  }

  /** How many exports of metrics have come. */
  get exports(): number {
    return this.#bodies.filter(({ path }) => path.endsWith('/metrics')).length
  }

  /** Points of the newest export of a metric. */
  points(metric: string): ReceivedPoint[] {
    let newest: ReceivedPoint[] = []
    for (const { path, body } of this.#bodies) {
      if (!path.endsWith('/metrics')) continue
      const found = allOf(body, 'resourceMetrics', 'scopeMetrics', 'metrics')
        .filter(({ name }) => name === metric)
        .flatMap((one) => pointsOf(metric, one))
      if (found.length > 0) newest = found
    }
    return newest
  }

  /** The `service.instance.id` of all that have sent metrics. */
  instances(): Set<unknown> {
    const resources = this.#bodies
      .filter(({ path }) => path.endsWith('/metrics'))
      .flatMap(({ body }) => allOf(body, 'resourceMetrics'))
      .map(({ resource }) => resource as { attributes: OtlpAttribute[] })
    return new Set(resources.map(({ attributes }) => plain(attributes)['service.instance.id']))
  }

  /** All spans so far. */
  spans(): ReceivedSpan[] {
    return this.#bodies
      .filter(({ path }) => path.endsWith('/traces'))
      .flatMap(({ body }) => allOf(body, 'resourceSpans', 'scopeSpans', 'spans'))
      .map((span) => ({
        traceId: span.traceId as string,
        spanId: span.spanId as string,
        parentSpanId: span.parentSpanId as string | undefined,
        traceState: span.traceState as string | undefined,
        name: span.name as string,
        kind: span.kind as number,
        attributes: plain(span.attributes as OtlpAttribute[]),
        status: ((span.status as { code?: number } | undefined)?.code ?? 0) as number,
      }))
  }
}

type Json = Record<string, unknown>

function allOf(body: Json, ...path: string[]): Json[] {
  return path.reduce<Json[]>(
    (level, key) => level.flatMap((one) => (one[key] ?? []) as Json[]),
    [body],
  )
}

function pointsOf(metric: string, one: Json): ReceivedPoint[] {
  const data = (one.histogram ?? one.sum ?? one.gauge) as { dataPoints: Json[] }
  return data.dataPoints.map((point) => ({
    metric,
    attributes: plain(point.attributes as OtlpAttribute[]),
    value: Number(point.sum ?? point.asDouble ?? point.asInt ?? 0),
    count: Number(point.count ?? 1),
  }))
}

function plain(attributes: OtlpAttribute[] | undefined): Attributes {
  return Object.fromEntries(
    (attributes ?? []).map(({ key, value }) => {
      const [kind, raw] = Object.entries(value)[0]!
      return [key, kind === 'intValue' ? Number(raw) : raw]
    }),
  )
}
