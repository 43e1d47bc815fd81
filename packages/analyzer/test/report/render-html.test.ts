import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { Browser, textOf } from '../../../../tools/testing/browser.ts'
import type { AnalyzerView } from '../../src/model/analyzer-view.ts'
import { buildReport } from '../../src/report/build-report.ts'
import { renderReport } from '../../src/report/render.ts'
import { alert, bottleneck, emptyView, recommendation, sampleView } from './sample-view.ts'

const render = (view: AnalyzerView) => renderReport(buildReport(view, 900_000, '0.1.0'), 'html')

describe('the HTML report', () => {
  let browser: Browser
  let folder: string

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-report-'))
    browser = await Browser.start()
  })
  after(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const open = (html: string, options = {}) => {
    const file = join(folder, 'report.html')
    writeFileSync(file, html)
    return browser.open(pathToFileURL(file).href, options)
  }

  it('links a bottleneck and an alert to their panels in Grafana', async () => {
    const dashboardUrl = 'https://grafana.example/d/chokepoint-node?viewPanel=4&var-job=shop'
    const view = sampleView()
    const linked = {
      ...view,
      bottlenecks: () => [bottleneck({ dashboardUrl })],
      snapshot: () => ({
        ...view.snapshot(),
        alerts: [
          alert({ id: 'a1', annotations: { summary: 'slow', dashboard_url: dashboardUrl } }),
          alert({
            id: 'a2',
            annotations: { summary: 'slow', dashboard_url: 'javascript:alert(1)' },
          }),
        ],
      }),
    }
    const { page } = await open(render(linked))
    const links = await page
      .getByTestId('panel-link')
      .evaluateAll((all) => all.map((one) => one.getAttribute('href')))
    expect(links).to.deep.equal([dashboardUrl, dashboardUrl])
  })

  it('opens from the disk and shows the main figures', async () => {
    const { page, complaints } = await open(render(sampleView()))
    expect(await textOf(page, 'health')).to.equal('critical')
    expect(await textOf(page, 'verdict')).to.equal('3 bottlenecks hold shop/catalog back.')
    expect(await textOf(page, 'bottleneck-count')).to.equal('3')
    expect(await textOf(page, 'alert-count')).to.equal('1')
    expect(await textOf(page, 'request-rate')).to.equal('137/s')
    expect(await textOf(page, 'error-rate')).to.equal('0.4 %')
    expect(await textOf(page, 'p95')).to.equal('2.41 s')
    expect(await textOf(page, 'impact')).to.equal('71')
    const types = await page
      .getByTestId('bottleneck')
      .evaluateAll((cards) => cards.map((card) => card.getAttribute('data-type')))
    expect(types).to.deep.equal([
      'eventloop.blocked',
      'db.n_plus_one',
      'latency.regression',
      'dependency.errors',
    ])
    expect(await page.locator('.evidence').first().textContent()).to.match(
      /412 ms\s+threshold 100 ms · normally 13 ms/,
    )
    expect(complaints).to.deep.equal([])
    await page.close()
  })

  it('draws every chart, in both colour schemes and on a phone without sideways scrolling', async () => {
    for (const options of [{ dark: false }, { dark: true, width: 390 }]) {
      const { page, complaints } = await open(render(sampleView()), options)
      const drawn = await page.locator('.chart canvas').evaluateAll((canvases) =>
        canvases.map((each) => {
          const canvas = each as unknown as {
            width: number
            height: number
            getContext(kind: '2d'): {
              getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray }
            }
          }
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
          return data.some((byte) => byte > 0)
        }),
      )
      expect(drawn).to.deep.equal(Array(9).fill(true))
      const [content, screen] = (await page.evaluate(
        '[document.documentElement.scrollWidth, innerWidth]',
      )) as [number, number]
      expect(content).to.equal(screen)
      expect(complaints).to.deep.equal([])
      await page.close()
    }
  })

  it('runs nothing and loads nothing that a name or a text brings along', async () => {
    const hostile =
      '</script><script>globalThis.broken=1</script><img src=x onerror=globalThis.broken=1>"\'`<!--'
    const view = sampleView({
      bottlenecks: () => [
        bottleneck({
          component: hostile,
          operation: hostile,
          summary: hostile,
          resource: { 'service.name': hostile },
          evidence: [{ what: hostile, query: hostile, value: 1, unit: 's' }],
          profile: { frames: [{ function: hostile, file: hostile, line: 1, share: 0.5 }] },
        }),
      ],
      recommendations: () => [
        recommendation({
          title: hostile,
          text: `${hostile}\n\n[a](javascript:globalThis.broken=1) ![b](https://example.org/x.png) <b onclick="x">c</b>`,
        }),
      ],
      alerts: () => [
        alert({ name: hostile, labels: { job: hostile }, annotations: { summary: hostile } }),
      ],
      queryRange: (_query, startMs) => [{ labels: { job: hostile }, points: [[startMs, 1]] }],
    })
    const { page, complaints } = await open(render(view))
    expect(await page.evaluate('globalThis.broken')).to.equal(undefined)
    expect(await page.locator('img').count()).to.equal(0)
    expect(await page.locator('a[href^="javascript"]').count()).to.equal(0)
    expect(await page.locator('.bottleneck h3').textContent()).to.equal(hostile)
    expect(await page.locator('.frames .function').textContent()).to.equal(hostile)
    expect(complaints).to.deep.equal([])
    await page.close()
  })

  it('holds its own data as JSON', async () => {
    const { page } = await open(render(sampleView()))
    const data = (await page.evaluate(
      `JSON.parse(document.getElementById('chokepoint-data').textContent)`,
    )) as unknown
    expect(data).to.deep.equal(
      JSON.parse(renderReport(buildReport(sampleView(), 900_000, '0.1.0'), 'json')),
    )
    await page.close()
  })

  it('says so when there is nothing to show', async () => {
    const { page, complaints } = await open(render(emptyView()))
    expect(await textOf(page, 'verdict')).to.equal('Waiting for the first metrics.')
    expect(await textOf(page, 'bottleneck-count')).to.equal('0')
    expect(complaints).to.deep.equal([])
    await page.close()
  })
})
