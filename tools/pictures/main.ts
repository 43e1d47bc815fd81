// Makes the pictures of docs/images/ anew, from a real run: the shop with three faults under load, watched by
// `chokepoint run`. The dashboards' queries are asked of the analyzer and drawn by uPlot, not by Grafana.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DASHBOARDS } from '@chokepoint/dashboards'
import { type Browser, chromium } from 'playwright-core'
import { freePorts, start, until } from '../stack/processes.ts'
import { dashboardPage } from './dashboard-page.ts'
import { readPanel } from './panel-data.ts'

const root = join(import.meta.dirname, '..', '..')
const images = join(root, 'docs', 'images')
const folder = mkdtempSync(join(tmpdir(), 'chokepoint-pictures-'))
const report = join(folder, 'report.html')

const [port] = (await freePorts(1)) as [number]
const url = `http://127.0.0.1:${port}`
const cli = join(root, 'packages/cli/dist/main.js')
const shop = [process.execPath, join(root, 'examples/shop/start.ts'), '--seconds', '85']
const run = start(
  process.execPath,
  [cli, 'run', '--port', `${port}`, '--report', report, '--', ...shop],
  {
    SHOP_FAULTS: 'block-loop,n-plus-one,slow-payment',
  },
)

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
  ],
})
await until(
  'three bottlenecks and a minute of data',
  async () => {
    const { data } = (await (await fetch(`${url}/api/v1/bottlenecks`)).json()) as {
      data: unknown[]
    }
    return data.length >= 3 || undefined
  },
  90,
)
await picture(browser, url, 'live-page.png', 1200, 1000)
for (const spec of DASHBOARDS) {
  const rows = []
  for (const row of spec.rows)
    rows.push(await Promise.all(row.panels.map((panel) => readPanel(url, panel))))
  const page = join(folder, `${spec.uid}.html`)
  writeFileSync(page, dashboardPage(spec, rows))
  const name = spec.uid.replace('chokepoint-', 'dashboard-')
  await picture(browser, `file://${page}`, `${name}.png`, 1440)
}
await until('the report', async () => (run.child.exitCode !== null ? true : undefined), 120)
await picture(browser, `file://${report}`, 'report.png', 1200, 1500)
await browser.close()
console.log(`pictures are in ${images}`)

/** A picture of a page: all of it, or its first `height` pixels. */
async function picture(
  from: Browser,
  address: string,
  name: string,
  width: number,
  height?: number,
) {
  const page = await from.newPage({ viewport: { width, height: height ?? 900 } })
  await page.goto(address)
  await page.waitForTimeout(1500)
  await page.screenshot({ path: join(images, name), fullPage: height === undefined })
  await page.close()
}
