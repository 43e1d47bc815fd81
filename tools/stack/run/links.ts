import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { until } from '../../testing/until.ts'
import { GRAFANA_URL } from '../local-stack.ts'
import { query } from '../prometheus-api.ts'
import { expand, nowSeconds, type RunningStack } from '../running-stack.ts'

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'grafana', 'dashboards')

interface Dashboard {
  readonly panels: readonly {
    readonly id: number
    readonly targets?: readonly { readonly expr: string }[]
  }[]
}

/** From a fault to an alert, a webhook, and the panels that they link to. */
export function describeFindings(running: RunningStack): void {
  const { stack, events } = running

  it('turns a fault into an alert in Alertmanager, told once and linked to a panel that shows it', async () => {
    const alert = await until(
      'the alert in Alertmanager',
      async () => {
        const response = await fetch(`${stack().url('alertmanager:9093')}/api/v2/alerts`)
        const alerts = (await response.json()) as {
          labels: Record<string, string>
          annotations: Record<string, string>
        }[]
        return alerts.find(({ labels }) => labels.alertname === 'HttpErrorsHigh')
      },
      240,
    )
    // Prometheus and the analyzer give it the same labels: what is only for links is not among them.
    expect(alert.labels).not.to.have.property('grafana_url')
    await expectPanelWithData(running, alert.annotations.dashboard_url)
  })

  it('tells a recommendation and its bottleneck by webhook, with the panel that shows them', async () => {
    const recommendation = await until(
      'the recommendation',
      async () =>
        events.find(
          ({ type, data }) => type === 'recommendation.opened' && data.type === 'db.n_plus_one',
        ),
      120,
    )
    await expectPanelWithData(running, recommendation.data.dashboardUrl)
    const bottleneck = events.find(
      ({ type, data }) => type === 'bottleneck.detected' && data.type === 'db.n_plus_one',
    )
    await expectPanelWithData(running, bottleneck?.data.dashboardUrl)
  })

  it('links what it tells of alerts: those of thresholds, and those of the rule pack', () => {
    const told = events.filter(({ type }) => type === 'alert.firing')
    expect(told).not.to.deep.equal([])
    for (const { data } of told)
      expect(data.annotations?.dashboard_url).to.match(/^http:\/\/grafana\.example\/d\/chokepoint-/)
  })
}

/** Fails unless the address is a panel of ours whose queries, narrowed as the address says, show something. */
async function expectPanelWithData(
  { prometheus, analyzer }: RunningStack,
  address: string | undefined,
): Promise<void> {
  expect(address).to.match(new RegExp(`^${GRAFANA_URL}/d/`))
  const { pathname, searchParams } = new URL(address!)
  const file = join(FOLDER, `${pathname.replace('/d/', '')}.json`)
  const { panels } = JSON.parse(readFileSync(file, 'utf8')) as Dashboard
  const panel = panels.find(({ id }) => String(id) === searchParams.get('viewPanel'))
  expect(panel, address).not.to.equal(undefined)
  const chosen = Object.fromEntries(
    [...searchParams]
      .filter(([name]) => name.startsWith('var-'))
      .map(([name, value]) => [name.slice('var-'.length), value]),
  )
  for (const { expr } of panel?.targets ?? []) {
    for (const url of [prometheus(), analyzer()]) {
      const shown = await query(url, expand(expr, chosen), nowSeconds())
      expect(shown, `${url}: ${expr}`).not.to.deep.equal([])
    }
  }
}
