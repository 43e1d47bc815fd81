import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '../../packages/analyzer/src/config/load-config.ts'
import { createPipeline } from '../../packages/analyzer/src/pipeline.ts'
import { ONLY_TENANT } from '../../packages/analyzer/src/tenants.ts'

// The whole analyzer as a server of its own, which reads its rule file anew when its parent says so. It evaluates rules on
// their interval, and nothing else: detectors and arrivals are not what is compared here.
const [rules = ''] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'chokepoint-query-'))
const config = parseConfig(
  `
listen: { host: 127.0.0.1, otlpHttp: 0, otlpGrpc: 0, api: 0 }
rules: ['${rules}']
evaluation: { interval: 24h, onArrival: false }
limits: { seriesMax: 4000000, seriesPerMetricMax: 2000000, memoryBytesMax: 8GiB, querySeriesMax: 2000000 }
`,
  join(folder, 'chokepoint.yaml'),
  {},
)
const pipeline = await createPipeline(config, {
  version: 'bench',
  dataDir: join(folder, 'data'),
  wallClock: Date.now,
  random: Math.random,
  onProblem: console.error,
})
const ports = await pipeline.listen()
process.send?.({ ports })

process.on('message', () => {
  pipeline.reloadRules()
  process.send?.({ rules: pipeline.tenants.get(ONLY_TENANT).prometheus.ruleGroups().length })
})
process.on('disconnect', () => {
  rmSync(folder, { recursive: true, force: true })
  process.exit()
})
