// Makes the pictures of docs/images/ anew, from a real run: the shop with three faults under load, watched by
// `chokepoint run`. The dashboards' queries are asked of the analyzer and drawn by uPlot, not by Grafana.
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DASHBOARDS } from '@chokepoint/dashboards'
import { start } from '../stack/processes.ts'
import { query } from '../stack/prometheus-api.ts'
import { Browser } from '../testing/browser.ts'
import { freePorts } from '../testing/free-port.ts'
import { until } from '../testing/until.ts'
import { dashboardPage } from './dashboard-page.ts'
import { readPanel } from './panel-data.ts'

const root = join(import.meta.dirname, '..', '..')
const images = join(root, 'docs', 'images')
const folder = mkdtempSync(join(tmpdir(), 'chokepoint-pictures-'))
const report = join(folder, 'report.html')
const cli = join(root, 'packages/cli/dist/main.js')
/** What a reader would choose at the top of a dashboard to look closer; all of it elsewhere. */
const CHOSEN: Readonly<Record<string, string>> = { 'chokepoint-node': 'storefront' }
/** How long the dashboards look back, all of it with data. */
const SECONDS = 75

// Two analyzers: one watches the shop, as `chokepoint run` does; the other, which keeps its log on disk and has a
// webhook, gets everything forwarded and is there for the dashboard about an analyzer.
const [port, otlpHttp, otlpGrpc, api] = (await freePorts(4)) as [number, number, number, number]
const url = `http://127.0.0.1:${port}`
const served = `http://127.0.0.1:${api}`
const hook = createServer((request, response) => request.resume().on('end', () => response.end()))
hook.listen(0, '127.0.0.1')
await once(hook, 'listening')
const hookUrl = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`
const serveConfig = join(folder, 'serve.yaml')
writeFileSync(
  serveConfig,
  `listen: { otlpHttp: ${otlpHttp}, otlpGrpc: ${otlpGrpc}, api: ${api} }
dataDir: ${join(folder, 'data')}
evaluation: { interval: 1s }
selfMetrics: true
webhooks: [{ url: '${hookUrl}', secret: whsec_${Buffer.alloc(32, 7).toString('base64')} }]
`,
)
const serve = start(process.execPath, [cli, 'serve', '--config', serveConfig])
await until('the analyzer', async () => (await fetch(`${served}/-/ready`)).ok || undefined)
const runConfig = join(folder, 'run.yaml')
writeFileSync(
  runConfig,
  `forward: http://127.0.0.1:${otlpHttp}\ngrafanaUrl: http://127.0.0.1:3000\n`,
)
const shop = [process.execPath, join(root, 'examples/shop/start.ts'), '--seconds', '110']
const run = start(
  process.execPath,
  [cli, 'run', '--port', `${port}`, '--config', runConfig, '--report', report, '--', ...shop],
  {
    SHOP_FAULTS: 'block-loop,n-plus-one,slow-payment',
    OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=shop-1',
  },
)

const browser = await Browser.start()
await until(
  'three bottlenecks and a minute of data',
  async () => {
    const { data } = (await (await fetch(`${url}/api/v1/bottlenecks`)).json()) as {
      data: unknown[]
    }
    const counted = `count_over_time(sum(http_server_request_duration_seconds_count)[${SECONDS}s:1s])`
    const [age] = await query(url, counted, Math.floor(Date.now() / 1000))
    return (data.length >= 3 && (age?.value ?? 0) >= SECONDS - 3) || undefined
  },
  150,
)
await picture(browser, url, 'live-page.png', 1200, 1000)
for (const spec of DASHBOARDS) {
  const from = spec.variablesOf === undefined ? url : served
  const jobs = CHOSEN[spec.uid] ?? '.*'
  const rows = []
  for (const row of spec.rows)
    rows.push(await Promise.all(row.panels.map((panel) => readPanel(from, panel, jobs))))
  const page = join(folder, `${spec.uid}.html`)
  writeFileSync(page, dashboardPage(spec, rows))
  const name = spec.uid.replace('chokepoint-', 'dashboard-')
  await picture(browser, `file://${page}`, `${name}.png`, 1440)
}
await until('the report', async () => (run.child.exitCode !== null ? true : undefined), 120)
await picture(browser, `file://${report}`, 'report.png', 1200, 1500)
await browser.close()
await serve.stop()
hook.close()
rmSync(folder, { recursive: true })
console.log(`pictures are in ${images}`)

/** A picture of a page: all of it, or its first `height` pixels. */
async function picture(
  from: Browser,
  address: string,
  name: string,
  width: number,
  height?: number,
) {
  const { page } = await from.open(address, { width, height: height ?? 200 })
  await page.waitForTimeout(1500)
  await page.screenshot({ path: join(images, name), fullPage: height === undefined })
  await page.close()
}
