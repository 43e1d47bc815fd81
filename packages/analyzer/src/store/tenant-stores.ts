import { randomBytes } from 'node:crypto'
import { jsonRequestToProtobuf } from '../decode/json-request.ts'
import { RequestScanner } from '../decode/scan-request.ts'
import { ChokepointError } from '../model/errors.ts'
import type { IngestFunc, IngestResult } from '../model/ingest.ts'
import type { TimeWindow } from './batch-writer.ts'
import { BlockPool } from './block-pool.ts'
import { FUTURE_MS_MAX, OUT_OF_ORDER_MS_MAX, type StoreLimits } from './limits.ts'
import type { Rejection } from './rejections.ts'
import { TenantStore } from './tenant-store.ts'

/** What a request brought, once it is stored. */
export interface Arrival {
  /** Time of the tenant's newest sample. */
  readonly newestMs: number
  readonly accepted: number
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
  return new LoggedTenantStores(options)
}

class LoggedTenantStores implements TenantStores {
  readonly #options: TenantStoresOptions
  readonly #pool = new BlockPool()
  readonly #scanner: RequestScanner
  readonly #stores = new Map<string, TenantStore>()
  readonly #rejections = new Map<Rejection, number>()
  #requests = 0
  #accepted = 0
  #rejected = 0

  constructor(options: TenantStoresOptions) {
    this.#options = options
    const { pointsPerRequestMax, bucketsMax } = options.limits
    const seed = randomBytes(8)
    this.#scanner = new RequestScanner({ pointsMax: pointsPerRequestMax, bucketsMax }, [
      seed.readInt32LE(0),
      seed.readInt32LE(4),
    ])
  }

  readonly ingest: IngestFunc = async (tenant, body, encoding) => {
    const bytes = encoding === 'json' ? jsonRequestToProtobuf(body) : body
    return this.#apply(tenant, bytes, this.#options.wallClock())
  }

  tenants(): readonly string[] {
    return [...this.#stores.keys()]
  }

  tenant(id: string): TenantStore {
    return this.#stores.get(id) ?? this.#newStore()
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
    }
  }

  async close(): Promise<void> {
    this.#stores.clear()
  }

  #apply(tenant: string, bytes: Uint8Array, nowMs: number): IngestResult {
    const batch = this.#scanner.scan(bytes)
    const store = this.#storeFor(tenant)
    const { clock, retentionMs } = this.#options
    const window =
      clock === 'data' ? ALL_TIMES : { fromMs: nowMs - retentionMs, toMs: nowMs + FUTURE_MS_MAX }
    const tally = store.write(batch, window)
    store.expire(clock === 'data' ? (store.newestMs() ?? nowMs) : nowMs)
    this.#requests++
    this.#accepted += tally.accepted
    this.#rejected += tally.rejected
    tally.addTo(this.#rejections)
    return tally.result
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
      store = this.#newStore()
      this.#stores.set(tenant, store)
    }
    return store
  }

  #newStore(): TenantStore {
    const { retentionMs, clock, limits } = this.#options
    const outOfOrderMs = clock === 'data' ? Number.POSITIVE_INFINITY : OUT_OF_ORDER_MS_MAX
    return new TenantStore(this.#pool, { retentionMs, outOfOrderMs, limits })
  }
}
