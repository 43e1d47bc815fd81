import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { freePort } from '../../../../tools/testing/free-port.ts'
import { until } from '../../../../tools/testing/until.ts'
import { createAlertmanagers } from '../../src/notify/alertmanager.ts'
import { firingAlert } from './events.ts'
import { type Answer, startReceiver } from './receiver.ts'

const NOW = Date.now()
const MINUTE = 60_000

describe('alertmanagers', () => {
  const open: { close: () => Promise<void> }[] = []

  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close()
  })

  async function harness(answer?: (nth: number) => Answer) {
    const receiver = await startReceiver(answer === undefined ? undefined : (_, nth) => answer(nth))
    const problems: string[] = []
    const managers = createAlertmanagers({
      endpoints: [
        { url: new URL(receiver.url).origin, headers: { 'x-key': 'k' }, timeoutMs: 60_000 },
      ],
      externalLabels: { region: 'eu', instance: 'overridden' },
      externalUrl: 'https://chokepoint.example',
      onProblem: (message) => problems.push(message),
    })
    open.push(receiver, managers)
    const told = () =>
      receiver.received.map(({ body }) =>
        JSON.parse(body).map((alert: { endsAt: string }) => Date.parse(alert.endsAt) - NOW),
      )
    return { managers, receiver, problems, told }
  }

  it('are told once, again after a minute, and of the end', async () => {
    const { managers, receiver, told } = await harness()
    const alert = firingAlert()
    for (const [minutes, alerts] of [
      [0, [alert]],
      [0.5, [alert]],
      [1, [alert]],
      [1.25, []],
      [1.5, []],
      [2.25, []],
      [20, []],
      [30, []],
    ] as const) {
      managers.update('', alerts, NOW + minutes * MINUTE)
      expect(await managers.flush(60_000)).to.equal(true)
    }
    expect(told()).to.deep.equal([[4 * MINUTE], [5 * MINUTE], [1.25 * MINUTE], [1.25 * MINUTE]])
    expect(receiver.received[0]?.path).to.equal('/api/v2/alerts')
    expect(receiver.received[0]?.headers['x-key']).to.equal('k')
    expect(JSON.parse(receiver.received[0]!.body)[0]).to.deep.include({
      labels: { region: 'eu', instance: 'web-1', severity: 'warning', alertname: 'High' },
      startsAt: alert.firedAt,
      generatorURL: 'https://chokepoint.example/api/v1/query?query=load%20%3E%200.8',
    })
    expect(managers.counts()).to.deep.equal({ sent: 4, failed: 0 })
  })

  it('are told at the next occasion what they did not take', async () => {
    const { managers, problems, told } = await harness((nth) => ({
      status: nth === 1 ? 503 : 200,
      text: 'starting',
    }))
    managers.update('', [firingAlert()], NOW)
    await managers.flush(60_000)
    managers.update('', [firingAlert()], NOW + 1000)
    await managers.flush(60_000)
    expect(told()).to.have.length(2)
    expect(problems[0]).to.match(
      /^cannot tell 1 alerts to the Alertmanager 127\.0\.0\.1:\d+: answered 503: starting$/,
    )
  })

  it('are told nothing of pending alerts, and of many in batches', async () => {
    const { managers, told } = await harness()
    const many = Array.from({ length: 100 }, (_, index) => firingAlert({ id: `a${index}` }))
    managers.update('', [...many, firingAlert({ id: 'p', state: 'pending' })], NOW)
    await managers.flush(60_000)
    expect(told().map((batch) => batch.length)).to.deep.equal([64, 36])
  })

  const binary = ['/usr/bin/prometheus-alertmanager', '/usr/bin/alertmanager'].find(existsSync)

  it('show the alert in a real Alertmanager, and its end', async function () {
    if (binary === undefined) this.skip()
    const directory = mkdtempSync(join(tmpdir(), 'chokepoint-alertmanager-'))
    writeFileSync(
      join(directory, 'am.yml'),
      'route: { receiver: none }\nreceivers: [{ name: none }]\n',
    )
    const port = await freePort()
    const child: ChildProcess = spawn(
      binary,
      [
        `--config.file=${join(directory, 'am.yml')}`,
        `--storage.path=${directory}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--cluster.listen-address=',
      ],
      { stdio: 'ignore' },
    )
    open.push({
      close: async () => {
        child.kill()
        await once(child, 'exit')
        rmSync(directory, { recursive: true })
      },
    })
    const url = `http://127.0.0.1:${port}`
    await until('Alertmanager', async () => (await fetch(`${url}/-/ready`)).ok)
    const problems: string[] = []
    const managers = createAlertmanagers({
      endpoints: [{ url, headers: {}, timeoutMs: 60_000 }],
      onProblem: (message) => problems.push(message),
    })
    open.push(managers)
    const active = async () =>
      (await (await fetch(`${url}/api/v2/alerts`)).json()) as {
        labels: object
        annotations: object
      }[]
    // Alertmanager has a clock of its own: what fired when this file was loaded is over by now.
    const now = Date.now()
    managers.update('', [firingAlert({ firedAt: new Date(now).toISOString() })], now)
    await managers.flush(60_000)
    expect(problems).to.deep.equal([])
    const alert = await until('the alert', async () => (await active())[0])
    expect(alert.labels).to.deep.equal(firingAlert().labels)
    expect(alert.annotations).to.deep.equal(firingAlert().annotations)
    managers.update('', [], Date.now())
    await managers.flush(60_000)
    await until('its end', async () => (await active()).length === 0)
    expect(managers.counts()).to.deep.equal({ sent: 2, failed: 0 })
  })
})
