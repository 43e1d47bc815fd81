import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Webhook } from 'standardwebhooks'
import { parseConfig } from '../../src/config/load-config.ts'
import type { WebhookConfig } from '../../src/config/schema.ts'
import type { Delivery } from '../../src/notify/delivery.ts'
import type { WebhooksOptions } from '../../src/notify/webhook-options.ts'
import { createWebhooks, type Webhooks } from '../../src/notify/webhooks.ts'
import { alertFiring, alertResolved, recommendationOpened } from './events.ts'
import { type Answer, startReceiver } from './receiver.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const OTHER_SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
const NOW = Date.parse('2026-01-01T12:00:00Z')

/** An endpoint as the configuration gives it. */
function endpoint(url: string, changes: object = {}): WebhookConfig {
  const yaml = JSON.stringify({ webhooks: [{ url, secret: SECRET, ...changes }] })
  return parseConfig(yaml, 'test.yaml', {}).webhooks[0] as WebhookConfig
}

/** A clock that tests move, with the runs that wait for it. */
function manualTime(startMs = NOW) {
  const waiting: { dueMs: number; run: () => void }[] = []
  let nowMs = startMs
  return {
    clock: () => nowMs,
    schedule: (delayMs: number, run: () => void) => {
      const entry = { dueMs: nowMs + delayMs, run }
      waiting.push(entry)
      return () => {
        const index = waiting.indexOf(entry)
        if (index >= 0) waiting.splice(index, 1)
      }
    },
    /** Goes to the next wait's end and gives how long that was, in seconds. */
    next: () => {
      const entry = waiting.shift()
      if (entry === undefined) throw new Error('nothing waits')
      const seconds = (entry.dueMs - nowMs) / 1000
      nowMs = entry.dueMs
      entry.run()
      return seconds
    },
    waits: () => waiting.length,
  }
}

describe('webhooks', () => {
  const open: { close: () => Promise<void> }[] = []
  let directory = ''

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'chokepoint-webhooks-'))
  })

  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close()
    rmSync(directory, { recursive: true })
  })

  async function receiver(answer?: (nth: number) => Answer) {
    const started = await startReceiver(answer === undefined ? undefined : (_, nth) => answer(nth))
    open.push(started)
    return started
  }

  function webhooks(
    endpoints: readonly WebhookConfig[],
    options: Partial<WebhooksOptions> = {},
  ): Webhooks {
    const made = createWebhooks({
      endpoints,
      clock: () => Date.now(),
      random: () => 0.5,
      ...options,
    })
    open.push(made)
    return made
  }

  /** Resolves when a delivery has reached a status. */
  async function until(hooks: Webhooks, test: (deliveries: readonly Delivery[]) => boolean) {
    while (!test(hooks.deliveries())) await new Promise((wake) => setTimeout(wake, 2))
    return hooks.deliveries()
  }

  it('sends a message that the standardwebhooks package verifies', async () => {
    const { url, received } = await receiver()
    const hooks = webhooks([endpoint(url)])
    hooks.sink(alertFiring())
    expect(await hooks.flush(60_000)).to.equal(true)
    const { headers, body } = received[0]!
    expect(new Webhook(SECRET).verify(body, headers as Record<string, string>)).to.deep.equal({
      type: 'alert.firing',
      timestamp: alertFiring().timestamp,
      data: alertFiring().data,
    })
    expect(hooks.deliveries()[0]).to.include({
      status: 'delivered',
      type: 'alert.firing',
      attemptCount: 1,
    })
  })

  it('signs with each secret, so that the old and the new one verify while a secret is changed', async () => {
    const { url, received } = await receiver()
    const hooks = webhooks([endpoint(url, { secret: [OTHER_SECRET, SECRET] })])
    hooks.sink(alertFiring())
    await hooks.flush(60_000)
    for (const secret of [SECRET, OTHER_SECRET]) {
      new Webhook(secret).verify(received[0]!.body, received[0]!.headers as Record<string, string>)
    }
  })

  it('tells an endpoint only the events and severities that it asked for', async () => {
    const { url, received } = await receiver()
    const hooks = webhooks([endpoint(url, { events: ['recommendation.*'], severity: 'warning' })])
    for (const event of [
      alertFiring('critical'),
      recommendationOpened('info'),
      recommendationOpened('critical'),
    ]) {
      hooks.sink(event)
    }
    await hooks.flush(60_000)
    expect(received.map(({ body }) => JSON.parse(body).data.severity)).to.deep.equal(['critical'])
    expect(received[0]?.headers['x-scope-orgid']).to.equal('acme')
  })

  it('tries again on the schedule of Standard Webhooks, under the same id and a new timestamp', async () => {
    const time = manualTime()
    const { url, received } = await receiver(() => ({ status: 500, text: 'broken' }))
    const hooks = webhooks([endpoint(url)], time)
    hooks.sink(alertFiring())
    const waits: number[] = []
    for (let attempt = 1; attempt < 10; attempt++) {
      await until(hooks, ([delivery]) => delivery?.attemptCount === attempt && time.waits() === 1)
      waits.push(time.next())
    }
    const [delivery] = await until(hooks, ([delivery]) => delivery?.status === 'dead')
    expect(waits).to.deep.equal([5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400])
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).to.equal(1)
    expect(new Set(received.map(({ headers }) => headers['webhook-timestamp'])).size).to.equal(10)
    expect(delivery?.attempts.at(-1)?.error).to.equal(
      'answered 500: broken; this was the last attempt',
    )
    expect(hooks.counts()).to.include({ dead: 1, failedAttempts: 10, pending: 0, pendingBytes: 0 })
  })

  it('waits as long as Retry-After asks', async () => {
    const time = manualTime()
    const { url } = await receiver((nth) =>
      nth === 1 ? { status: 429, headers: { 'retry-after': '120' } } : { status: 204 },
    )
    const hooks = webhooks([endpoint(url)], time)
    hooks.sink(alertFiring())
    await until(hooks, () => time.waits() === 1)
    expect(time.next()).to.equal(120)
    await until(hooks, ([delivery]) => delivery?.status === 'delivered')
  })

  it('does not follow a redirect', async () => {
    const target = await receiver()
    const { url } = await receiver(() => ({ status: 302, headers: { location: target.url } }))
    const hooks = webhooks([endpoint(url)], manualTime())
    hooks.sink(alertFiring())
    const [delivery] = await until(hooks, ([delivery]) => delivery?.attemptCount === 1)
    expect(delivery).to.include({ status: 'pending' })
    expect(delivery?.attempts[0]?.error).to.equal('answered 302; redirects are not followed')
    expect(target.received).to.deep.equal([])
  })

  it('puts a message that is refused aside, and sends it again by hand under its id', async () => {
    const { url, received } = await receiver((nth) => ({ status: nth === 1 ? 400 : 200 }))
    const hooks = webhooks([endpoint(url)])
    hooks.sink(alertFiring())
    const [dead] = await until(hooks, ([delivery]) => delivery?.status === 'dead')
    const again = await hooks.redeliver(dead!.id)
    expect(again).to.include({ status: 'delivered', attemptCount: 2, id: dead!.id })
    expect(received.map(({ headers }) => headers['webhook-id'])).to.deep.equal([dead!.id, dead!.id])
  })

  it('stops telling an endpoint that answers 410, until a test reaches it', async () => {
    const { url, received } = await receiver((nth) => ({ status: nth === 1 ? 410 : 200 }))
    const hooks = webhooks([endpoint(url)])
    hooks.sink(alertFiring())
    await until(hooks, ([delivery]) => delivery?.status === 'dead')
    hooks.sink(alertResolved())
    expect(hooks.counts().dropped).to.equal(1)
    expect((await hooks.test())[0]?.status).to.equal('delivered')
    hooks.sink(alertResolved())
    await hooks.flush(60_000)
    expect(received.map(({ body }) => JSON.parse(body).type)).to.deep.equal([
      'alert.firing',
      'webhook.test',
      'alert.resolved',
    ])
  })

  it('sends after a restart what was not delivered before it', async () => {
    const stateFile = join(directory, 'webhooks.jsonl')
    const time = manualTime()
    const { url, received } = await receiver((nth) => ({ status: nth === 1 ? 503 : 200 }))
    const first = webhooks([endpoint(url)], { ...time, stateFile })
    first.sink(alertFiring())
    await until(first, () => time.waits() === 1)
    await first.close()
    const later = manualTime(NOW + 60_000)
    const second = webhooks([endpoint(url)], { ...later, stateFile })
    const [delivery] = await until(second, ([delivery]) => delivery?.status === 'delivered')
    expect(delivery?.attemptCount).to.equal(2)
    expect(received[0]?.headers['webhook-id']).to.equal(received[1]?.headers['webhook-id'])
  })

  it('drops the oldest waiting messages when the queue is full, and counts them', async () => {
    const time = manualTime()
    const { url } = await receiver(() => ({ status: 500 }))
    const limits = { queueBytesMax: 2000, deliveriesMax: 3, webhookBodyBytesMax: 20_000 }
    const hooks = webhooks([endpoint(url)], { ...time, limits })
    for (let count = 0; count < 20; count++) hooks.sink(alertFiring())
    await hooks.flush(60_000)
    const { pendingBytes, dropped } = hooks.counts()
    expect(pendingBytes).to.be.at.most(2000)
    expect(dropped).to.be.greaterThan(10)
    expect(hooks.deliveries().filter(({ status }) => status === 'dropped')).to.have.length(3)
  })

  it('gives up an attempt that gets no answer in time', async () => {
    const { url } = await receiver(() => undefined)
    const hooks = webhooks([endpoint(url, { timeout: '50ms' })], manualTime())
    hooks.sink(alertFiring())
    const [delivery] = await until(hooks, ([delivery]) => delivery?.attemptCount === 1)
    expect(delivery?.attempts[0]?.error).to.equal('no answer within 50 ms')
  })

  it('keeps a body under 20 kB, says that it is cut, and links to the whole', async () => {
    const { url, received } = await receiver()
    const hooks = webhooks([endpoint(url)], { externalUrl: 'https://chokepoint.example' })
    const annotations = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`note${index}`, 'long '.repeat(1000)]),
    )
    hooks.sink(alertFiring('critical', { annotations }))
    await hooks.flush(60_000)
    const { body } = received[0]!
    expect(Buffer.byteLength(body)).to.be.at.most(20_000)
    expect(JSON.parse(body).data).to.include({
      truncated: true,
      link: 'https://chokepoint.example',
      id: alertFiring().data && 'a1b2c3d4e5f60718',
    })
  })

  it('says which endpoints there are when one to test is not known', async () => {
    const hooks = webhooks([endpoint('http://127.0.0.1:9/', { name: 'ops' })])
    const error = await hooks.test('opps').catch((error: Error) => error)
    expect(error).to.have.property('message', 'cannot test opps: the configured webhooks are ops')
    expect(await hooks.redeliver('msg_x').catch((error: Error) => error)).to.have.property(
      'code',
      'NOT_FOUND',
    )
  })
})
