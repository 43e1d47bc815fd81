import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { parseConfig } from '../../src/config/load-config.ts'
import { CATALOG } from '../../src/detect/catalog.ts'
import { alertPanelTemplate, createPanelLink } from '../../src/findings/panel-link.ts'
import { FINDING_PANELS } from '../../src/findings/panel-table.ts'
import { thresholdRules } from '../../src/rules/threshold-rules.ts'

const DASHBOARDS = new URL('../../../../grafana/dashboards/', import.meta.url)
const SINCE = '2026-01-01T12:00:00.000Z'
const HALF_PAST = Date.parse('2026-01-01T12:30:00.000Z')
const QUARTER_HOUR = 15 * 60_000

interface Dashboard {
  readonly uid: string
  readonly panels: readonly { readonly id: number; readonly type: string }[]
  readonly templating: { readonly list: readonly { readonly name: string }[] }
}

/** The dashboard that Grafana has under a uid. */
function dashboard(uid: string): Dashboard {
  return JSON.parse(readFileSync(new URL(`${uid}.json`, DASHBOARDS), 'utf8')) as Dashboard
}

/** Fails unless the address names a panel that exists and variables that its dashboard has. */
function expectPanel(address: string): void {
  const url = new URL(address)
  const { uid, panels, templating } = dashboard(url.pathname.replace('/d/', ''))
  const panel = panels.find(({ id }) => String(id) === url.searchParams.get('viewPanel'))
  expect(panel?.type, address).to.be.oneOf(['timeseries', 'stat', 'table'])
  const variables = templating.list.map(({ name }) => `var-${name}`)
  const named = [...url.searchParams.keys()].filter((key) => key.startsWith('var-'))
  expect(variables, `${address} in ${uid}`).to.include.members(named)
}

describe('the link from a finding to its panel', () => {
  const link = createPanelLink('https://grafana.example/ops/')

  it('leads to a panel that is there, for every type of bottleneck', () => {
    for (const { type } of CATALOG) {
      const address = createPanelLink('http://grafana')({
        type,
        resource: { 'service.name': 'shop', 'service.instance.id': 'a' },
        since: SINCE,
      })
      expect(address, type).to.be.a('string')
      expectPanel(address!)
    }
  })

  it('leads to a panel that is there, for every alert of the thresholds', () => {
    const { thresholds } = parseConfig('', 'chokepoint.yaml', {})
    const names = new Set(
      thresholdRules(thresholds).flatMap(({ rules }) => rules.map(({ name }) => name)),
    )
    expect(names.size).to.equal(7)
    for (const name of names) {
      const template = alertPanelTemplate('http://grafana', name)
      expect(template, name).to.be.a('string')
      expectPanel(template!.replaceAll(/\{\{ with[^}]+\}\}|\{\{ end \}\}|\{\{ \. [^}]+\}\}/g, ''))
    }
  })

  it('has no row for a finding that nobody makes', () => {
    const { thresholds } = parseConfig('', 'chokepoint.yaml', {})
    const made = new Set([
      ...CATALOG.map(({ type }) => type),
      ...thresholdRules(thresholds).flatMap(({ rules }) => rules.map(({ name }) => name)),
    ])
    for (const finding of FINDING_PANELS.keys()) {
      expect(made.has(finding.replace('/database', '')), finding).to.equal(true)
    }
  })

  it('narrows the dashboard to the service and instance, and the time to the finding', () => {
    const resource = {
      'service.namespace': 'shop',
      'service.name': 'catalog & co',
      'service.instance.id': 'a',
      'host.name': 'node-1',
    }
    const url = new URL(link({ type: 'eventloop.blocked', resource, since: SINCE })!)
    expect(url.origin + url.pathname).to.equal('https://grafana.example/ops/d/chokepoint-node')
    expect(Object.fromEntries(url.searchParams)).to.deep.equal({
      viewPanel: '4',
      from: String(Date.parse(SINCE) - QUARTER_HOUR),
      to: 'now',
      'var-job': 'shop/catalog & co',
      'var-instance': 'a',
    })
  })

  it('names the host of a finding about a host, and ends where the finding ended', () => {
    const resolvedAt = new Date(HALF_PAST).toISOString()
    const finding = {
      type: 'host.disk_full',
      resource: { 'host.name': 'node-1' },
      since: SINCE,
      resolvedAt,
    }
    const { searchParams } = new URL(link(finding)!)
    expect(searchParams.get('var-host')).to.equal('node-1')
    expect(searchParams.has('var-job')).to.equal(false)
    expect(searchParams.get('to')).to.equal(String(HALF_PAST + QUARTER_HOUR))
  })

  it('tells calls to a database from other calls', () => {
    const slow = (resource: Record<string, string>) =>
      new URL(link({ type: 'dependency.slow', resource, since: SINCE })!).pathname
    expect(slow({ 'service.name': 'shop' })).to.equal('/ops/d/chokepoint-service')
    expect(slow({ 'service.name': 'shop', 'db.system.name': 'postgresql' })).to.equal(
      '/ops/d/chokepoint-database',
    )
  })

  it('is absent without a Grafana, and for types that users made', () => {
    const finding = { resource: { 'service.name': 'shop' }, since: SINCE }
    expect(createPanelLink(null)({ type: 'db.n_plus_one', ...finding })).to.equal(undefined)
    expect(link({ type: 'my.own', ...finding })).to.equal(undefined)
  })
})
