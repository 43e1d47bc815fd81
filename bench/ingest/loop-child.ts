import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import { startAnalyzer } from '../../packages/analyzer/src/analyzer.ts'
import { parseConfig } from '../../packages/analyzer/src/config/load-config.ts'
import { createOtlpHttpServer } from '../../packages/analyzer/src/receive/otlp-http.ts'
import { openTenantStores } from '../../packages/analyzer/src/store/tenant-stores.ts'
import { keepGivingBack } from '../../packages/cli/src/give-back.ts'
import { shortenPauses } from '../../packages/cli/src/short-pauses.ts'
import { LIMITS_FOR_BENCH } from './bench-limits.ts'

/** How long the event loop was not to be had since the last answer, ms. */
export interface LoopReport {
  readonly p50: number
  readonly p99: number
  readonly max: number
  /** The most processor time of the loop's thread between two looks: a busy machine does not make it longer. */
  readonly busyMax: number
  /** The longest pause of the garbage collector, which is part of the longest delay or not. */
  readonly collectorMax: number
}

const LOOK_MS = 2

// The analyzer, or only its way from a request to the log and the store, with a data directory; it answers each
// message with its loop's delays.
const [dataDir = '.', extent = 'whole'] = process.argv.slice(2)
const otlpHttp = await (extent === 'whole' ? startWhole() : startStore())
const delays = monitorEventLoopDelay({ resolution: 1 })
delays.enable()
let collectorMax = 0
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) collectorMax = Math.max(collectorMax, duration)
}).observe({ entryTypes: ['gc'] })

let busyMax = 0
let used = process.threadCpuUsage()
setInterval(() => {
  const { user, system } = process.threadCpuUsage(used)
  used = process.threadCpuUsage()
  busyMax = Math.max(busyMax, (user + system) / 1000)
}, LOOK_MS)

process.on('message', () => {
  const report: LoopReport = {
    p50: delays.percentile(50) / 1e6,
    p99: delays.percentile(99) / 1e6,
    max: delays.max / 1e6,
    busyMax,
    collectorMax,
  }
  delays.reset()
  busyMax = 0
  collectorMax = 0
  process.send?.(report)
})
process.on('disconnect', () => process.exit())
process.send?.({ otlpHttp })

async function startWhole(): Promise<number> {
  const limits = '{ seriesMax: 2000000, seriesPerMetricMax: 2000000, memoryBytesMax: 4GiB }'
  const text = `listen: { otlpHttp: 0, otlpGrpc: 0, api: 0 }\ndataDir: ${dataDir}\nlimits: ${limits}\n`
  // As `serve` does.
  shortenPauses()
  const { ports } = await startAnalyzer(parseConfig(text, 'bench', process.env))
  keepGivingBack()
  return ports.otlpHttp
}

async function startStore(): Promise<number> {
  const stores = await openTenantStores({
    ...{ dataDir, limits: LIMITS_FOR_BENCH, log: console.error },
    ...{ retentionMs: 2 * 3_600_000, fsync: 'interval', clock: 'wall', wallClock: Date.now },
  })
  const server = createOtlpHttpServer({
    ...{ ingest: stores.ingest, limits: LIMITS_FOR_BENCH, log: console.error },
    ...{ multitenancy: false, auth: { tokens: [] } },
  })
  return server.listen('127.0.0.1', 0)
}
