import { SAMPLE_STALE, SampleBuffer } from '@chokepoint/promql'
import { limitsWith } from '../../src/config/limits.ts'
import type { TenantStore } from '../../src/store/tenant-store.ts'
import {
  openTenantStores,
  type TenantStores,
  type TenantStoresOptions,
} from '../../src/store/tenant-stores.ts'

/** The present of tests with a wall clock. */
export const NOW_MS = 1_800_000_000_000

/** Stores in memory that take any time, with options replaced. */
export function openStores(options: Partial<TenantStoresOptions> = {}): Promise<TenantStores> {
  return openTenantStores({
    dataDir: undefined,
    retentionMs: 2 * 3_600_000,
    fsync: 'never',
    clock: 'data',
    wallClock: () => NOW_MS,
    limits: limitsWith(),
    ...options,
  })
}

/** All samples of a tenant as `name{labels}` and `time:value`, `stale` for stale markers. */
export function dump(store: TenantStore): Record<string, string[]> {
  const buffer = new SampleBuffer()
  const series: Record<string, string[]> = {}
  for (const one of store.select([], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)) {
    buffer.clear()
    one.read(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, buffer)
    series[String(one.labels)] = Array.from({ length: buffer.size }, (_, i) => {
      const stale = buffer.kinds[i] === SAMPLE_STALE
      return `${buffer.times[i]}:${stale ? 'stale' : textOf(buffer.values[i]!)}`
    })
  }
  return series
}

function textOf(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}
