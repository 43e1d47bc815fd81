import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js'
import { ChokepointError } from '../model/errors.ts'
import type { TlsMaterial } from '../model/tls.ts'
import { authorize } from './authorize.ts'
import { encodeResponse, grpcStatusOf, RETRY_AFTER_SECONDS } from './otlp-answer.ts'
import type { OtlpReceiverOptions } from './otlp-http.ts'
import { countRefusal, noneReceived, type ReceiveStats } from './receive-stats.ts'
import { encodeRetryInfo } from './retry-info.ts'
import { TENANT_HEADER, tenantOf } from './tenant-id.ts'

/** An OTLP/gRPC receiver of metrics. */
export interface OtlpGrpcServer {
  /** Resolves with the port. Rejects with PORT_IN_USE. */
  listen(host: string, port: number): Promise<number>
  close(): Promise<void>
  readonly stats: ReceiveStats
}

const EXPORT_PATH = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'

/** Makes a receiver of OTLP/gRPC; the bytes of a request go on as they are. */
export function createOtlpGrpcServer(options: OtlpReceiverOptions): OtlpGrpcServer {
  return new GrpcReceiver(options)
}

class GrpcReceiver implements OtlpGrpcServer {
  readonly stats = noneReceived()
  readonly #options: OtlpReceiverOptions
  readonly #server: Server
  #inFlight = 0

  constructor(options: OtlpReceiverOptions) {
    this.#options = options
    this.#server = new Server({
      // The library inflates before we see a byte, and stops at this many.
      'grpc.max_receive_message_length': options.limits.inflatedBytesMax,
      'grpc.max_concurrent_streams': options.limits.requestsInFlightMax,
    })
    const asBuffer = (bytes: Buffer) => bytes
    this.#server.addService(
      {
        Export: {
          path: EXPORT_PATH,
          requestStream: false,
          responseStream: false,
          requestSerialize: asBuffer,
          requestDeserialize: asBuffer,
          responseSerialize: asBuffer,
          responseDeserialize: asBuffer,
        },
      },
      {
        Export: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
          void this.#export(call, done)
        },
      },
    )
  }

  async listen(host: string, port: number): Promise<number> {
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, credentialsOf(this.#options.tls), (error, bound) => {
        if (error === null) resolve(bound)
        else {
          reject(
            new ChokepointError('PORT_IN_USE', `cannot listen on ${address}: ${error.message}`, {
              cause: error,
            }),
          )
        }
      })
    })
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.tryShutdown(() => resolve())
      // Clients keep their connections; what is in flight has this long to end.
      setTimeout(() => this.#server.forceShutdown(), 500).unref()
    })
  }

  async #export(call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>): Promise<void> {
    this.#inFlight++
    this.stats.requests++
    this.stats.inflatedBytes += call.request.length
    try {
      const { auth, multitenancy, limits, ingest } = this.#options
      const header = (name: string) => call.metadata.get(name)[0]?.toString()
      authorize(header('authorization'), auth)
      const tenant = tenantOf(header(TENANT_HEADER), multitenancy)
      if (this.#inFlight > limits.requestsInFlightMax) {
        throw new ChokepointError(
          'OVERLOADED',
          `cannot take the request now: ${limits.requestsInFlightMax} are in flight`,
        )
      }
      const result = await ingest(tenant, call.request, 'protobuf')
      done(null, Buffer.from(encodeResponse(result, 'protobuf')))
    } catch (error) {
      countRefusal(this.stats, error)
      done(toServiceError(error, this.#options.log), null)
    } finally {
      this.#inFlight--
    }
  }
}

function credentialsOf(tls: TlsMaterial | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure()
  const { cert, key, clientCa } = tls
  const pair = { cert_chain: cert, private_key: key }
  return ServerCredentials.createSsl(clientCa ?? null, [pair], clientCa !== undefined)
}

function toServiceError(error: unknown, log: ((message: string) => void) | undefined) {
  const code = grpcStatusOf(error)
  const metadata = new Metadata()
  if (!(error instanceof ChokepointError)) log?.(`an OTLP/gRPC request failed: ${String(error)}`)
  else if (error.status === 429 || error.status === 503) {
    // "The server SHOULD … include RetryInfo": only then do senders keep the data and come back.
    metadata.set(
      'grpc-status-details-bin',
      encodeRetryInfo(code, error.message, RETRY_AFTER_SECONDS),
    )
  }
  const details =
    error instanceof ChokepointError ? error.message : 'the request failed inside the analyzer'
  return { code, details, metadata }
}
