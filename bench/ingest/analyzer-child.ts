import { createOtlpHttpServer } from '../../packages/analyzer/src/receive/otlp-http.ts'
import { openTenantStores } from '../../packages/analyzer/src/store/tenant-stores.ts'
import { keepGivingBack } from '../../packages/cli/src/give-back.ts'
import { LIMITS_FOR_BENCH } from './bench-limits.ts'

// The analyzer's receive, decode and store with its log on disk, as a server of its own.
const [port = '0', dataDir = '.'] = process.argv.slice(2)
const stores = await openTenantStores({
  dataDir,
  retentionMs: 2 * 3_600_000,
  fsync: 'interval',
  clock: 'wall',
  wallClock: Date.now,
  limits: LIMITS_FOR_BENCH,
  log: console.error,
})
const server = createOtlpHttpServer({
  ingest: stores.ingest,
  limits: LIMITS_FOR_BENCH,
  multitenancy: false,
  auth: { tokens: [] },
  log: console.error,
})
await server.listen('127.0.0.1', Number(port))
// As `serve` does.
keepGivingBack()
