import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { jsonRequestSteps } from '../decode/json-request.ts'
import type { PointBatch } from '../decode/point-batch.ts'
import { RequestScanner } from '../decode/scan-request.ts'
import { ChokepointError } from '../model/errors.ts'
import type { IngestFunc, IngestResult } from '../model/ingest.ts'
import type { TimeWindow } from './batch-writer.ts'
import { BlockPool } from './block-pool.ts'
import { IngestOrder, runAtOnce, type Steps } from './ingest-order.ts'
import { FUTURE_MS_MAX, OUT_OF_ORDER_MS_MAX, type StoreLimits } from './limits.ts'
import { type LogRecord, RECORD_REQUEST, RECORD_SAMPLES } from './log/record.ts'
import { decodeRuleSamples, encodeRuleSamples, type RuleSample } from './log/rule-samples.ts'
import { type LogStats, WriteAheadLog } from './log/write-ahead-log.ts'
import type { Rejection } from './rejections.ts'
import { ROW_WIDTH_MAX } from './row-layout.ts'
import { TenantStore } from './tenant-store.ts'

/** What a request brought, once it is stored. */
export interface Arrival {
  /** Time of the tenant's newest sample. */
  readonly newestMs: number
  readonly accepted: number
  /** The names of the metrics that it brought, as queries use them. */
  readonly names: ReadonlySet<string>
}

/** How stores are made. */
export interface TenantStoresOptions {
  /** Where the log is; undefined keeps everything in memory only. */
  readonly dataDir: string | undefined
  readonly retentionMs: number
  readonly fsync: 'interval' | 'always' | 'never'
  /** `data`: any time is taken, and the present is a tenant's newest sample. */
  readonly clock: 'wall' | 'data'
  readonly wallClock: () => number
  readonly limits: StoreLimits
  /** Told after a request is stored and logged. */
  readonly onArrival?: (tenant: string, arrival: Arrival) => void
  readonly log?: (message: string) => void
}

/** Counts since the start, for the analyzer's own metrics. */
export interface StoreStats {
  readonly requests: number
  readonly acceptedPoints: number
  readonly rejectedPoints: number
  readonly rejections: ReadonlyMap<Rejection, number>
  readonly series: number
  readonly memoryBytes: number
  /** Absent while everything is in memory only. */
  readonly log: LogStats | undefined
}

/** The stores of all tenants. */
export interface TenantStores {
  readonly ingest: IngestFunc
  tenants(): readonly string[]
  /** A tenant's store; one that sent nothing is empty. */
  tenant(id: string): TenantStore
  stats(): StoreStats
  close(): Promise<void>
}

const ALL_TIMES: TimeWindow = {
  fromMs: Number.NEGATIVE_INFINITY,
  toMs: Number.POSITIVE_INFINITY,
}

/** Opens the stores; what the log holds is in them when this resolves. */
export async function openTenantStores(options: TenantStoresOptions): Promise<TenantStores> {
  const stores = new LoggedTenantStores(options)
  await stores.open()
  return stores
}

class LoggedTenantStores implements TenantStores {
  readonly #options: TenantStoresOptions
  readonly #pool = new BlockPool()
  readonly #order = new IngestOrder()
  readonly #scanner: RequestScanner
  readonly #stores = new Map<string, TenantStore>()
  readonly #empty = new Map<string, WeakRef<TenantStore>>()
  readonly #rejections = new Map<Rejection, number>()
  readonly #ruleSamples = new Map<string, RuleSample[]>()
  #log: WriteAheadLog | undefined
  #ruleFlush: Promise<void> | undefined
  #requests = 0
  #accepted = 0
  #rejected = 0

  constructor(options: TenantStoresOptions) {
    this.#options = options
    const { pointsPerRequestMax, bucketsMax } = options.limits
    const seed = randomBytes(8)
    this.#scanner = new RequestScanner(
      { pointsMax: pointsPerRequestMax, bucketsMax: Math.min(bucketsMax, ROW_WIDTH_MAX) },
      [seed.readInt32LE(0), seed.readInt32LE(4)],
    )
  }

  /** Reads the log. */
  async open(): Promise<void> {
    const { dataDir, fsync, limits, log = () => {} } = this.#options
    if (dataDir === undefined) return
    const options = { directory: join(dataDir, 'log'), fsync, bytesMax: limits.logBytesMax, log }
    this.#log = await WriteAheadLog.open(options, (record) => this.#replay(record, log))
    const nowMs = this.#options.wallClock()
    for (const store of this.#stores.values()) store.expireAll(this.#presentOf(store, nowMs))
    await this.#log.compact((tenant) => this.#cutoffMs(tenant))
  }

  readonly ingest: IngestFunc = async (tenant, body, encoding) => {
    const bytes = encoding === 'json' ? await this.#order.run(jsonRequestSteps(body)) : body
    const nowMs = this.#options.wallClock()
    const log = this.#log
    let isLogged = false
    if (log?.failed === true) {
      // The disk refused the last write: nothing is shown to queries before it takes this one.
      const newestMs = await this.#order.run(this.#checkSteps(bytes, nowMs))
      await log.append({ kind: RECORD_REQUEST, tenant, receivedMs: nowMs, body: bytes }, newestMs)
      isLogged = true
    }
    const { result, written } = await this.#order.run(
      this.#takeSteps(tenant, bytes, nowMs, isLogged ? undefined : log),
    )
    await written
    if (result.accepted > 0) {
      const store = this.#storeFor(tenant)
      this.#options.onArrival?.(tenant, {
        newestMs: store.newestMs() ?? nowMs,
        accepted: result.accepted,
        names: store.takeTouchedNames(),
      })
    }
    return result
  }

  tenants(): readonly string[] {
    return [...this.#stores.keys()]
  }

  tenant(id: string): TenantStore {
    const known = this.#stores.get(id) ?? this.#empty.get(id)?.deref()
    if (known !== undefined) return known
    // A reader may keep it until data comes, so it must be the one that gets the data; but a store that
    // nobody holds is not kept, or queries for made-up tenants would fill the memory.
    for (const [name, reference] of this.#empty) {
      if (reference.deref() === undefined) this.#empty.delete(name)
    }
    const store = this.#newStore(id)
    this.#empty.set(id, new WeakRef(store))
    return store
  }

  stats(): StoreStats {
    let series = 0
    let memoryBytes = this.#pool.bytes
    for (const store of this.#stores.values()) {
      series += store.seriesCount()
      memoryBytes += store.bytes
    }
    return {
      requests: this.#requests,
      acceptedPoints: this.#accepted,
      rejectedPoints: this.#rejected,
      rejections: this.#rejections,
      series,
      memoryBytes,
      log: this.#log?.stats(),
    }
  }

  async close(): Promise<void> {
    await this.#ruleFlush
    await this.#log?.close()
  }

  /** Decodes a request without storing it; the newest time in it. Throws BODY_INVALID. */
  *#checkSteps(bytes: Uint8Array, nowMs: number): Steps<number> {
    const batch = yield* this.#scanner.steps(bytes)
    return newestTime(batch, this.#windowAt(nowMs).toMs)
  }

  /** Decodes a request, hands it to the log, and stores its points while the log writes. */
  *#takeSteps(
    tenant: string,
    bytes: Uint8Array,
    nowMs: number,
    log: WriteAheadLog | undefined,
  ): Steps<{ result: IngestResult; written: Promise<void> | undefined }> {
    const batch = yield* this.#scanner.steps(bytes)
    const store = this.#storeFor(tenant)
    const window = this.#windowAt(nowMs)
    let written: Promise<void> | undefined
    if (log !== undefined && batch.points > 0) {
      const record = { kind: RECORD_REQUEST, tenant, receivedMs: nowMs, body: bytes }
      written = log.append(record, newestTime(batch, window.toMs))
      // Storing may rest; a write that fails meanwhile is told by the one who waits for it.
      written.catch(() => {})
    }
    return { result: yield* this.#applySteps(store, batch, window, nowMs), written }
  }

  *#applySteps(
    store: TenantStore,
    batch: PointBatch,
    window: TimeWindow,
    nowMs: number,
  ): Steps<IngestResult> {
    const tally = yield* store.write(batch, window)
    store.recordRefusals(this.#presentOf(store, nowMs))
    if (store.expire(this.#presentOf(store, nowMs))) this.#compact()
    this.#requests++
    this.#accepted += tally.accepted
    this.#rejected += tally.rejected
    tally.addTo(this.#rejections)
    return tally.result
  }

  #windowAt(nowMs: number): TimeWindow {
    if (this.#options.clock === 'data') return ALL_TIMES
    return { fromMs: nowMs - this.#options.retentionMs, toMs: nowMs + FUTURE_MS_MAX }
  }

  /** Adds what a record holds; returns the newest sample time that its tenant has then. */
  #replay(record: LogRecord, log: (message: string) => void): number | undefined {
    const { kind, tenant, body, receivedMs } = record
    try {
      const store = this.#storeFor(tenant)
      if (kind === RECORD_SAMPLES) {
        const samples = decodeRuleSamples(body)
        for (const { name, labels, timeMs, value } of samples)
          store.add(name, labels, timeMs, value)
        return newestOf(samples)
      }
      runAtOnce(store.write(this.#scanner.scan(body), this.#windowAt(receivedMs)))
      store.expire(this.#presentOf(store, receivedMs))
      return store.newestMs() ?? receivedMs
    } catch (error) {
      log(`a record of tenant ${tenant} in the log cannot be used: ${String(error)}`)
      return undefined
    }
  }

  #presentOf(store: TenantStore, nowMs: number): number {
    return this.#options.clock === 'data' ? (store.newestMs() ?? nowMs) : nowMs
  }

  #cutoffMs(tenant: string): number {
    const { wallClock, retentionMs } = this.#options
    const store = this.#stores.get(tenant)
    const present = store === undefined ? wallClock() : this.#presentOf(store, wallClock())
    return present - retentionMs
  }

  #compact(): void {
    this.#log
      ?.compact((tenant) => this.#cutoffMs(tenant))
      .catch((error: unknown) => {
        this.#options.log?.(`the log cannot be compacted: ${String(error)}`)
      })
  }

  #storeFor(tenant: string): TenantStore {
    let store = this.#stores.get(tenant)
    if (store === undefined) {
      const { tenantsMax } = this.#options.limits
      if (this.#stores.size >= tenantsMax) {
        throw new ChokepointError(
          'OVERLOADED',
          `cannot take metrics of tenant ${tenant}: ${tenantsMax} tenants are the limit`,
        )
      }
      store = this.tenant(tenant)
      this.#empty.delete(tenant)
      this.#stores.set(tenant, store)
    }
    return store
  }

  #newStore(tenant: string): TenantStore {
    const { retentionMs, clock, limits } = this.#options
    const outOfOrderMs = clock === 'data' ? Number.POSITIVE_INFINITY : OUT_OF_ORDER_MS_MAX
    const options = { retentionMs, outOfOrderMs, limits }
    return new TenantStore(this.#pool, options, (sample) => this.#logSample(tenant, sample))
  }

  /** Rules write many samples in one turn of the event loop; they become one record. */
  #logSample(tenant: string, sample: RuleSample): void {
    const log = this.#log
    if (log === undefined) return
    const waiting = this.#ruleSamples.get(tenant)
    if (waiting === undefined) this.#ruleSamples.set(tenant, [sample])
    else waiting.push(sample)
    this.#ruleFlush ??= this.#flushRuleSamples(log)
  }

  async #flushRuleSamples(log: WriteAheadLog): Promise<void> {
    await Promise.resolve()
    const all = [...this.#ruleSamples]
    this.#ruleSamples.clear()
    this.#ruleFlush = undefined
    const receivedMs = this.#options.wallClock()
    const written = all.map(([tenant, samples]) => {
      const body = encodeRuleSamples(samples)
      return log.append({ kind: RECORD_SAMPLES, tenant, receivedMs, body }, newestOf(samples))
    })
    for (const outcome of await Promise.allSettled(written)) {
      if (outcome.status === 'rejected') {
        this.#options.log?.(`samples of rules are not in the log: ${String(outcome.reason)}`)
      }
    }
  }
}

function newestOf(samples: readonly RuleSample[]): number {
  return samples.reduce((newest, { timeMs }) => Math.max(newest, timeMs), Number.NEGATIVE_INFINITY)
}

/** The newest time in a batch that is not beyond `toMs`. */
function newestTime({ points, timeMs }: PointBatch, toMs: number): number {
  let newest = Number.NEGATIVE_INFINITY
  for (let point = 0; point < points; point++) {
    const time = timeMs[point]!
    if (time > newest && time <= toMs) newest = time
  }
  return newest
}
