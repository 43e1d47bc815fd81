import type { SeriesAttributes, SeriesWriter } from '../shared/series-writer.ts'
import type { CallShape, ShapeTable } from './call-shape.ts'
import { KeyedHistogram } from './keyed-histogram.ts'
import { SPAN_KIND, type SpanCall, type SpanView, serverOf, textOf } from './span-view.ts'

/** The names of gRPC's status codes (grpc.io/docs/guides/status-codes), by number. */
const GRPC_STATUS = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const

/**
 * What is the server's own fault: "UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS" are
 * errors for a server, all but OK for a client. (opentelemetry.io/docs/specs/semconv/rpc/grpc)
 */
const SERVER_FAULTS: ReadonlySet<string> = new Set([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
])

/** A procedure of a service: `grpc shop.Stock/Reserve`, `aws-api S3/GetObject`. */
interface Procedure {
  readonly system: string
  readonly method: string
}

/** Remote procedure calls, out and in, as the spans of instrumentations show them. */
export class RpcMetrics {
  readonly #shapes: ShapeTable
  readonly #called: KeyedHistogram
  readonly #served: KeyedHistogram

  constructor(writer: SeriesWriter, shapes: ShapeTable) {
    this.#shapes = shapes
    this.#called = new KeyedHistogram(writer, 'rpc.client.call.duration')
    this.#served = new KeyedHistogram(writer, 'rpc.server.call.duration')
  }

  /** The remote call that a span stands for. */
  callOf(span: SpanView): SpanCall | undefined {
    const procedure = procedureOf(span)
    if (procedure === undefined) return undefined
    return {
      shape: this.#shape(procedure),
      record: (ended, durationMs, errorType) =>
        this.#recordCall(procedure, ended, durationMs, errorType),
    }
  }

  /** Records a call that this process has answered. */
  recordServed(span: SpanView, durationMs: number, errorType: string | undefined): void {
    const procedure = procedureOf(span)
    if (procedure === undefined) return
    const status = grpcStatusOf(span)
    const error = status === undefined ? errorType : serverFault(status)
    const { system, method } = procedure
    this.#served.record(`${system} ${method} ${status} ${error}`, durationMs, () => ({
      ...attributesOf(procedure, status, error),
    }))
  }

  #recordCall(
    procedure: Procedure,
    span: SpanView,
    durationMs: number,
    errorType: string | undefined,
  ): void {
    const status = grpcStatusOf(span)
    const error = status === undefined || status === 'OK' ? errorType : status
    const { host, port } = serverOf(span.attributes)
    const { system, method } = procedure
    const key = `${system} ${method} ${host}:${port} ${status} ${error}`
    this.#called.record(key, durationMs, () => ({
      ...attributesOf(procedure, status, error),
      ...(host === undefined ? {} : { 'server.address': host }),
      ...(port === undefined ? {} : { 'server.port': port }),
    }))
  }

  #shape(procedure: Procedure): CallShape {
    const { system, method } = procedure
    const service = method.split('/', 1)[0]!
    return this.#shapes.intern('http', `${system} ${service}`, method, (target, shape) => ({
      kind: 'http',
      target,
      shape,
      counted: true,
      spanName: shape,
      spanKind: SPAN_KIND.client,
      scope: 'chokepoint',
      attributes: attributesOf(procedure, undefined, undefined),
    }))
  }
}

/** `package.Service/Method` of a span; undefined when it is no remote call, or not known yet. */
export function procedureOf({ attributes }: SpanView): Procedure | undefined {
  const system = textOf(attributes, 'rpc.system.name', 'rpc.system')
  const method = textOf(attributes, 'rpc.method')
  if (system === undefined || method === undefined) return undefined
  const service = textOf(attributes, 'rpc.service')
  return { system, method: service === undefined ? method : `${service}/${method}` }
}

function grpcStatusOf({ attributes }: SpanView): string | undefined {
  const code = attributes['rpc.grpc.status_code']
  return code === undefined ? undefined : (GRPC_STATUS[Number(code)] ?? String(code))
}

function serverFault(status: string): string | undefined {
  return SERVER_FAULTS.has(status) ? status : undefined
}

function attributesOf(
  { system, method }: Procedure,
  status: string | undefined,
  errorType: string | undefined,
): SeriesAttributes {
  return {
    'rpc.system.name': system,
    'rpc.method': method,
    ...(status === undefined ? {} : { 'rpc.status_code': status }),
    ...(errorType === undefined ? {} : { 'error.type': errorType }),
  }
}
