import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { createForward, type Forward, type ForwardOptions } from '../../src/forward/forward.ts'
import { ChokepointError } from '../../src/model/errors.ts'
import type { ChokepointEvent } from '../../src/model/event.ts'
import type { IngestFunc } from '../../src/model/ingest.ts'
import { type Received, startTarget, type Target } from './receiver.ts'

const NOW_MS = 1_800_000_000_000
const BLOCK = 4096
const TAKEN = { accepted: 1, rejected: 0, message: '' }
const take: IngestFunc = async () => TAKEN

describe('forward', () => {
  let folder: string
  const problems: string[] = []
  const targets: Target[] = []
  const forwards: Forward[] = []

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-forward-'))
    problems.length = 0
  })

  afterEach(async () => {
    await Promise.all(forwards.splice(0).map((forward) => forward.close()))
    await Promise.all(targets.splice(0).map((target) => target.close()))
    rmSync(folder, { recursive: true })
  })

  async function open(...args: Parameters<typeof startTarget>): Promise<Target> {
    const target = await startTarget(...args)
    targets.push(target)
    return target
  }

  function create(url: string, options: Partial<ForwardOptions> = {}): Forward {
    const forward = createForward({
      target: { url, headers: {}, compression: 'gzip' },
      listen: { host: '127.0.0.1', otlpHttp: 0, api: 0 },
      ...{
        version: '1.2.3',
        multitenancy: false,
        folder: join(folder, 'queue'),
        fsync: 'interval',
      },
      limits: { forwardQueueBytesMax: 100 * BLOCK },
      clock: () => NOW_MS,
      // Half of the backoff: the shortest wait.
      random: () => 0,
      onProblem: (message) => problems.push(message),
      ...options,
    })
    forwards.push(forward)
    return forward
  }

  const send = (forward: Forward, body: string, tenant = 'anonymous') =>
    forward.after(take)(tenant, Buffer.from(body), 'protobuf')

  it('compresses what is worth it, unless told not to', async () => {
    const target = await open()
    const body = 'a long body '.repeat(200)
    const forward = create(target.url)
    for (const text of [body, 'short']) await send(forward, text)
    await target.until(({ length }) => length === 2)
    const [long, short] = target.received
    expect(long?.headers['content-encoding']).to.equal('gzip')
    expect(gunzipSync(long!.body).toString()).to.equal(body)
    expect(short?.headers).not.to.have.property('content-encoding')
    expect(short?.body.toString()).to.equal('short')

    const bare = await open()
    const plain = { url: bare.url, headers: {}, compression: 'none' } as const
    await send(create('', { target: plain, folder: join(folder, 'plain') }), body)
    await bare.until(({ length }) => length === 1)
    expect(bare.received[0]?.body.toString()).to.equal(body)
  })

  for (const fsync of ['always', 'interval', 'never'] as const) {
    it(`has a request on disk before it is acknowledged, with fsync ${fsync}`, async () => {
      const target = await open(() => ({ status: 503 }))
      const forward = create(target.url, { fsync })
      const sent = [1, 2, 3].map((i) => send(forward, `body ${i}`))
      await Promise.all(sent)
      const names = readdirSync(join(folder, 'queue')).sort()
      expect(names.map((name) => readFileSync(join(folder, 'queue', name), 'utf8'))).to.deep.equal([
        'body 1',
        'body 2',
        'body 3',
      ])
    })
  }

  it('passes requests on as they are, in their order, and only after they are taken', async () => {
    const target = await open()
    const forward = createForwardWithHeaders(target.url)
    await send(forward, 'one \u0000 two')
    await forward.after(take)('anonymous', Buffer.from('{"two":2}'), 'json')
    await target.until(({ length }) => length === 2)
    expect(target.received.map(described)).to.deep.equal([
      ['/base/v1/metrics', 'application/x-protobuf', 'one \u0000 two'],
      ['/base/v1/metrics', 'application/json', '{"two":2}'],
    ])
    expect(target.received[0]?.headers).to.include({ authorization: 'Bearer me' })
    expect(target.received[0]?.headers).not.to.have.property('x-scope-orgid')

    const refuse: IngestFunc = async () => {
      throw new ChokepointError('OVERLOADED', 'not now')
    }
    const refused = await forward.after(refuse)('anonymous', Buffer.from('x'), 'json').catch(String)
    expect(refused).to.contain('not now')
    await send(forward, 'last')
    await target.until(({ length }) => length === 3)
    expect(target.received[2]?.body.toString()).to.equal('last')
    expect(forward.counts().dropped.size).to.equal(0)
    expect(problems).to.deep.equal([])
  })

  function createForwardWithHeaders(url: string): Forward {
    const headers = { authorization: 'Bearer me' }
    return create('', { target: { url: `${url}/base/`, headers, compression: 'none' } })
  }

  it('names the tenant when there are many', async () => {
    const target = await open()
    await send(create(target.url, { multitenancy: true }), 'body', 'team-a.(b)')
    await target.until(({ length }) => length === 1)
    expect(target.received[0]?.headers['x-scope-orgid']).to.equal('team-a.(b)')
  })

  it('answers the sender at once while the target is down, and loses nothing', async () => {
    const first = await open()
    await first.close()
    targets.length = 0
    const forward = create(first.url)
    const bodies = Array.from({ length: 20 }, (_, index) => `body ${index}`)
    for (const body of bodies) expect(await send(forward, body)).to.equal(TAKEN)
    expect(forward.counts().queueBytes).to.equal(20 * BLOCK)

    const again = await open(undefined, first.port)
    await again.until(({ length }) => length === 20)
    expect(again.received.map(({ body }) => body.toString())).to.deep.equal(bodies)
    await until('an empty queue', () => forward.counts().queueBytes === 0)
    expect(forward.counts().sent.get('metrics')).to.equal(20)
    expect(forward.counts().failedAttempts).to.be.greaterThan(0)
    expect(problems).to.deep.equal([
      'cannot forward metrics now, they wait in the queue: the target cannot be reached: ECONNREFUSED',
    ])
    expect(readdirSync(join(folder, 'queue'))).to.deep.equal([])
  })

  it('sends after a restart what an earlier run had to leave, half written files not', async () => {
    const first = await open(() => ({ status: 503 }))
    const forward = create(first.url)
    await send(forward, 'one')
    await send(forward, 'two')
    await forward.close()
    forwards.length = 0
    writeFileSync(join(folder, 'queue', '000000000000009-metrics-json-anonymous.new'), '{"half')

    const target = await open()
    const next = create(target.url)
    await send(next, 'three')
    await target.until(({ length }) => length === 3)
    expect(target.received.map(({ body }) => body.toString())).to.deep.equal([
      'one',
      'two',
      'three',
    ])
  })

  for (const status of [429, 502, 503, 504]) {
    it(`tries again after ${status}, not before the target's Retry-After`, async () => {
      let asked = 0
      const answeredMs: number[] = []
      const target = await open(() => {
        answeredMs.push(performance.now())
        return asked++ === 0 ? { status, headers: { 'retry-after': '1' } } : { status: 200 }
      })
      await send(create(target.url), 'body')
      await target.until(({ length }) => length === 2)
      expect(answeredMs[1]! - answeredMs[0]!).to.be.at.least(990)
    })
  }

  it('drops what the target refuses, counts each and says it once', async () => {
    const target = await open(({ body }) => ({ status: body.toString() === 'good' ? 200 : 400 }))
    const forward = create(target.url)
    for (const body of ['bad', 'bad', 'good']) await send(forward, body)
    await until('the request to be sent', () => forward.counts().sent.get('metrics') === 1)
    expect([...forward.counts().dropped]).to.deep.equal([['refused', 2]])
    expect(forward.counts().queueBytes).to.equal(0)
    expect(problems).to.deep.equal([
      'forwarded metrics are dropped and counted until the target takes one: it answered 400: not so',
    ])
  })

  for (const where of ['disk', 'memory']) {
    it(`drops the oldest from ${where} over the limit, and counts them`, async () => {
      let status = 503
      const target = await open(() => ({ status }))
      const forward = create(target.url, {
        limits: { forwardQueueBytesMax: 3 * BLOCK },
        ...(where === 'memory' ? { folder: undefined } : {}),
      })
      for (let index = 0; index < 10; index++) await send(forward, `body ${index}`)
      await send(forward, 'x'.repeat(4 * BLOCK))
      expect(forward.counts().queueBytes).to.equal(3 * BLOCK)
      expect(forward.counts().dropped.get('queue_full')).to.equal(8)
      expect(problems.filter((one) => one.includes('queue_full'))).to.have.length(1)
      status = 200
      await until('an empty queue', () => forward.counts().queueBytes === 0)
      const last = target.received.slice(-3).map(({ body }) => body.toString())
      expect(last).to.deep.equal(['body 7', 'body 8', 'body 9'])
    })
  }

  it('takes a request all the same when the queue cannot be written, and counts it', async () => {
    const target = await open()
    const forward = create(target.url)
    rmSync(join(folder, 'queue'), { recursive: true })
    expect(await send(forward, 'body')).to.equal(TAKEN)
    expect([...forward.counts().dropped]).to.deep.equal([['unwritable', 1]])
    expect(problems[0]).to.match(/^a request was not forwarded, .*\(unwritable\): ENOENT/)
  })

  it('goes past a body that is lost', async () => {
    let status = 503
    const target = await open(() => ({ status }))
    const forward = create(target.url)
    await send(forward, 'one')
    await send(forward, 'two')
    await target.until(({ length }) => length === 1)
    const [first] = readdirSync(join(folder, 'queue')).sort()
    rmSync(join(folder, 'queue', first!))
    status = 200
    await until('an empty queue', () => forward.counts().queueBytes === 0)
    expect([...forward.counts().dropped]).to.deep.equal([['unreadable', 1]])
    expect(target.received.at(-1)?.body.toString()).to.equal('two')
  })

  it('says that a folder cannot be used', () => {
    writeFileSync(join(folder, 'file'), '')
    chmodSync(join(folder, 'file'), 0o400)
    expect(() => create('http://127.0.0.1:1', { folder: join(folder, 'file', 'queue') }))
      .to.throw(ChokepointError, /^cannot use the queue in .*file\/queue: ENOTDIR/)
      .with.property('code', 'STORAGE_FAILED')
  })

  it('ends at once in the middle of a wait', async () => {
    const target = await open(() => ({ status: 503, headers: { 'retry-after': '300' } }))
    const forward = create(target.url)
    await send(forward, 'body')
    await until('the first failure', () => forward.counts().failedAttempts === 1)
    const startMs = performance.now()
    await forward.close()
    expect(performance.now() - startMs).to.be.below(10_000)
    expect(readdirSync(join(folder, 'queue'))).to.have.length(1)
  })

  it('sends findings as gauges of their service, and events as log records', async () => {
    const target = await open()
    const forward = create(target.url)
    const labels = { id: 'b1', type: 'memory.leak', job: 'shop', instance: 'shop-1', operation: '' }
    forward.findings(
      'anonymous',
      [{ name: 'chokepoint_bottleneck_impact', labels, value: 42 }],
      NOW_MS,
    )
    forward.findings('anonymous', [], NOW_MS)
    forward.event(ALERT_EVENT)
    await target.until(({ length }) => length === 2)
    const metrics = target.received.find(({ path }) => path === '/v1/metrics')
    expect(JSON.parse(String(metrics?.body))).to.deep.equal({
      resourceMetrics: [
        {
          resource: {
            attributes: [
              { key: 'service.name', value: { stringValue: 'shop' } },
              { key: 'service.instance.id', value: { stringValue: 'shop-1' } },
            ],
          },
          scopeMetrics: [
            {
              scope: { name: 'chokepoint', version: '1.2.3' },
              metrics: [
                {
                  name: 'chokepoint.bottleneck.impact',
                  gauge: {
                    dataPoints: [
                      {
                        attributes: [
                          { key: 'id', value: { stringValue: 'b1' } },
                          { key: 'type', value: { stringValue: 'memory.leak' } },
                        ],
                        timeUnixNano: '1800000000000000000',
                        asDouble: 42,
                      },
                    ],
                  },
                },
              ],
            },
          ],
        },
      ],
    })
    const logs = target.received.find(({ path }) => path === '/v1/logs')
    const { resourceLogs } = JSON.parse(String(logs?.body))
    const [record] = resourceLogs[0].scopeLogs[0].logRecords
    expect(JSON.parse(record.body.stringValue)).to.deep.equal(ALERT_EVENT.data)
    expect(record).to.deep.include({
      eventName: 'chokepoint.alert.firing',
      severityNumber: 17,
      timeUnixNano: '1799999999000000000',
    })
  })

  it('does nothing without a target', async () => {
    const forward = create('', { target: null })
    expect(forward.after(take)).to.equal(take)
    forward.event(ALERT_EVENT)
    expect(readdirSync(folder)).to.deep.equal([])
  })
})

const ALERT_EVENT: ChokepointEvent = {
  type: 'alert.firing',
  timestamp: new Date(NOW_MS - 1000).toISOString(),
  tenant: 'anonymous',
  data: {
    ...{ id: 'a1', name: 'TooWarm', severity: 'critical', state: 'firing', query: 'up', value: 1 },
    ...{ labels: { job: 'shop' }, annotations: {}, activeSince: new Date(NOW_MS).toISOString() },
  },
}

function described({ path, headers, body }: Received) {
  return [path, headers['content-type'], body.toString()]
}
