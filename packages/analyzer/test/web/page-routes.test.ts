import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { Browser, textOf } from '../../../../tools/testing/browser.ts'
import { until } from '../../../../tools/testing/until.ts'
import type { AnalyzerView } from '../../src/model/analyzer-view.ts'
import type { Recommendation } from '../../src/model/recommendation.ts'
import { emptyView, recommendation, sampleView } from '../report/sample-view.ts'
import { startWeb, stopWebs } from './web-fixture.ts'

describe('the live page', () => {
  let browser: Browser

  before(async () => {
    browser = await Browser.start()
  })
  afterEach(stopWebs)
  after(() => browser.close())

  it('shows the main figures, and changes with the data without being loaded again', async () => {
    let view: AnalyzerView = emptyView()
    const { server, url, internalErrors } = await startWeb({ view: () => view })
    const { page, complaints } = await browser.open(url)
    expect(await textOf(page, 'verdict')).to.equal('Waiting for the first metrics.')
    expect(await textOf(page, 'welcome')).to.contain(`${url}/api/v1/otlp/v1/metrics`)
    view = sampleView()
    await page.getByTestId('bottleneck').first().waitFor()
    expect(await textOf(page, 'verdict')).to.equal('3 bottlenecks hold shop/catalog back.')
    expect(await textOf(page, 'health')).to.equal('critical')
    expect(await textOf(page, 'status')).to.equal('Live')
    expect(await page.locator('.chart canvas').count()).to.equal(9)
    expect(await page.getByTestId('components').locator('tbody tr').count()).to.equal(6)
    expect(complaints).to.deep.equal([])
    expect(internalErrors).to.deep.equal([])
    await page.close()
    await server.close()
  })

  it('keeps what the reader opened while the figures change', async () => {
    let rate = 10
    const view = sampleView({
      components: () => [{ ...sampleView().components()[0]!, ratePerSecond: rate }],
    })
    const { server, url } = await startWeb({ view: () => view })
    const { page, complaints } = await browser.open(url)
    const isOpen = async () =>
      (await page.locator('.chart details').first().getAttribute('open')) === ''
    // What is pressed may move away under the mouse while the charts are drawn: then it is pressed again.
    await until('what the reader opens', async () => {
      if (!(await isOpen())) await page.locator('.chart summary').first().click()
      return isOpen()
    })
    rate = 77
    await page.getByTestId('request-rate').getByText('77/s').waitFor()
    expect(await isOpen()).to.equal(true)
    expect(complaints).to.deep.equal([])
    await page.close()
    await server.close()
  })

  it('acknowledges a recommendation by its button', async () => {
    let current: Recommendation = recommendation()
    const acts: string[][] = []
    const view = sampleView({ recommendations: () => [current] })
    const { server, url } = await startWeb(
      {
        actOnRecommendation: (tenant, id, action) => {
          acts.push([tenant, id, action])
          current = { ...current, status: 'acknowledged' }
          return current
        },
      },
      view,
    )
    const { page, complaints } = await browser.open(url)
    await page.getByRole('button', { name: 'Acknowledge' }).click()
    await page.locator('.recommendation[data-status="acknowledged"]').waitFor()
    expect(acts).to.deep.equal([['anonymous', 'r1', 'acknowledge']])
    expect(complaints).to.deep.equal([])
    await page.close()
    await server.close()
  })

  it('says that the connection is lost, and finds the analyzer again after a restart', async () => {
    const first = await startWeb()
    const port = Number(new URL(first.url).port)
    const { page } = await browser.open(first.url)
    await page.getByText('Live', { exact: true }).waitFor()
    await first.server.close()
    await page.getByText('Connection lost. Trying again').waitFor()
    const second = await startWeb({}, sampleView({ bottlenecks: () => [] }), port)
    await page.getByText('Live', { exact: true }).waitFor()
    expect(await textOf(page, 'bottleneck-count')).to.equal('0')
    await page.close()
    await second.server.close()
  })

  it('asks for the token where one is needed, and shows nothing before', async () => {
    const { server, url } = await startWeb({ tokens: ['s3cret'] })
    const { page } = await browser.open(url)
    const field = page.getByLabel('Token')
    await field.waitFor()
    expect(await page.getByTestId('verdict').count()).to.equal(0)
    await field.fill('s3cret')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByTestId('verdict').waitFor()
    for (const [name, first] of [
      ['CSV', /^﻿?[a-z_"]+,/],
      ['Report', /^<!doctype html>/],
      ['JSON', /^\{/],
    ] as const) {
      const downloading = page.waitForEvent('download')
      await page.getByRole('link', { name, exact: true }).click()
      const saved = await downloading
      expect(saved.suggestedFilename()).to.match(/^chokepoint-report-.+\.(csv|html|json)$/)
      expect(readFileSync(await saved.path(), 'utf8')).to.match(first)
    }
    await page.close()
    await server.close()
  })

  it('can be read without a script', async () => {
    const { server, url } = await startWeb()
    const text = await (await fetch(url)).text()
    expect(text).to.contain('3 bottlenecks hold shop/catalog back.')
    await server.close()
  })
})
