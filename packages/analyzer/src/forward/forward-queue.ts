import type { OtlpEncoding } from '../model/ingest.ts'
import type { Bodies } from './bodies.ts'

/** What a request carries; also the last part of the path that it is posted to. */
export type Signal = 'metrics' | 'logs'

/** What a request is, apart from its bytes. */
export interface Envelope {
  readonly signal: Signal
  readonly encoding: OtlpEncoding
  readonly tenant: string
}

/** A request that waits. */
export interface QueuedRequest extends Envelope {
  readonly sequence: number
  readonly name: string
  /** What it takes of the limit. */
  readonly bytes: number
  /** Resolves to true when its body is kept, to false when that failed. */
  readonly kept: Promise<boolean>
}

/** Why a request is not sent: no room, not kept, not found again, or the target does not want it. */
export type DropReason = 'queue_full' | 'unwritable' | 'unreadable' | 'refused'

// A small file takes a block all the same; counted so, the limit also bounds how many files there are.
const BLOCK_BYTES = 4096

// sequence-signal-encoding-tenant: all that is known of a request is in its name, its file is its body.
const NAME = /^(\d{15})-(metrics|logs)-(protobuf|json)-([\w!.*'()-]+)$/

export interface ForwardQueueOptions {
  readonly bodies: Bodies
  readonly bytesMax: number
  readonly onDrop: (reason: DropReason, why: string) => void
  readonly onProblem: (message: string) => void
}

/** Requests that wait to be sent, oldest first; over `bytesMax` the oldest are dropped. */
export class ForwardQueue {
  readonly #options: ForwardQueueOptions
  // A map gives its entries in the order in which they came, and forgets any of them at once.
  readonly #waiting = {
    metrics: new Map<number, QueuedRequest>(),
    logs: new Map<number, QueuedRequest>(),
  } as const satisfies Record<Signal, Map<number, QueuedRequest>>
  readonly #removals = new Set<Promise<void>>()
  #bytes = 0
  #nextSequence = 1

  /** Takes up what the bodies of an earlier run left. */
  constructor(options: ForwardQueueOptions) {
    this.#options = options
    for (const [name, size] of [...options.bodies.list()].sort()) {
      const request = requestOf(name, size)
      if (request === undefined) continue
      this.#enter(request)
      this.#nextSequence = request.sequence + 1
    }
    this.#makeRoom(0)
  }

  /** The bytes that the waiting requests take, in whole blocks. */
  get bytes(): number {
    return this.#bytes
  }

  oldest(signal: Signal): QueuedRequest | undefined {
    return this.#waiting[signal].values().next().value
  }

  /** Resolves when the request is kept, or counted as dropped. It has its place from the beginning. */
  async put(envelope: Envelope, body: Uint8Array): Promise<void> {
    const { signal, encoding, tenant } = envelope
    const { bodies, bytesMax, onDrop } = this.#options
    const bytes = inBlocks(body.length)
    if (bytes > bytesMax) {
      onDrop('queue_full', `it has ${bytes} bytes, and ${bytesMax} may wait`)
      return
    }
    this.#makeRoom(bytes)
    const sequence = this.#nextSequence++
    const name = `${String(sequence).padStart(15, '0')}-${signal}-${encoding}-${tenant}`
    let failure = ''
    const kept = bodies.write(name, body).then(
      () => true,
      (error: unknown) => {
        failure = (error as Error).message
        return false
      },
    )
    const request = { ...envelope, sequence, name, bytes, kept }
    this.#enter(request)
    if (!(await kept)) this.drop(request, 'unwritable', failure)
  }

  /** The body of a request; undefined when it is lost, and then the request is dropped. */
  async read(request: QueuedRequest): Promise<Uint8Array | undefined> {
    if (!(await request.kept)) return undefined
    try {
      return await this.#options.bodies.read(request.name)
    } catch (error) {
      this.drop(request, 'unreadable', (error as Error).message)
      return undefined
    }
  }

  /** Forgets a request that was sent. False when it had to make room meanwhile: it counts as dropped. */
  async remove(request: QueuedRequest): Promise<boolean> {
    if (!this.#forget(request)) return false
    await this.#removeBody(request)
    return true
  }

  /** Waits for what is being kept and forgotten. */
  async close(): Promise<void> {
    await Promise.all(this.#removals)
    await this.#options.bodies.close()
  }

  /** Forgets a request that is not sent, and counts it. */
  drop(request: QueuedRequest, reason: DropReason, why: string): void {
    if (!this.#forget(request)) return
    const removal = this.#removeBody(request).finally(() => this.#removals.delete(removal))
    this.#removals.add(removal)
    this.#options.onDrop(reason, why)
  }

  #forget(request: QueuedRequest): boolean {
    if (!this.#waiting[request.signal].delete(request.sequence)) return false
    this.#bytes -= request.bytes
    return true
  }

  async #removeBody(request: QueuedRequest): Promise<void> {
    try {
      if (await request.kept) await this.#options.bodies.remove(request.name)
    } catch (error) {
      const why = (error as Error).message
      this.#options.onProblem(`a forwarded request may be sent again after a restart: ${why}`)
    }
  }

  #enter(request: QueuedRequest): void {
    this.#waiting[request.signal].set(request.sequence, request)
    this.#bytes += request.bytes
  }

  #makeRoom(bytes: number): void {
    const { bytesMax } = this.#options
    while (this.#bytes + bytes > bytesMax) {
      const heads = [this.oldest('metrics'), this.oldest('logs')].filter(
        (head) => head !== undefined,
      )
      const [oldest] = heads.sort((a, b) => a.sequence - b.sequence)
      if (oldest === undefined) return
      this.drop(oldest, 'queue_full', `${this.#bytes} bytes wait, of ${bytesMax} that may`)
    }
  }
}

function requestOf(name: string, size: number): QueuedRequest | undefined {
  const match = NAME.exec(name)
  if (match === null) return undefined
  const [, sequence, signal, encoding, tenant] = match as unknown as [
    string,
    string,
    Signal,
    OtlpEncoding,
    string,
  ]
  return {
    ...{ name, signal, encoding, tenant },
    sequence: Number(sequence),
    bytes: inBlocks(size),
    kept: Promise.resolve(true),
  }
}

function inBlocks(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES
}
