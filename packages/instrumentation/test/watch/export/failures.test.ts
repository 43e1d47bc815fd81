import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { expect } from 'chai'
import { until } from '../../../../../tools/testing/until.ts'
import type { Watched } from '../watched.ts'
import { WatchedSuite } from '../watched-suite.ts'
import { SPAN } from './span.ts'

describe('export', () => {
  const suite = new WatchedSuite({ OTEL_BSP_SCHEDULE_DELAY: '50' })

  const sendSpans = (count: number, { send }: { send: Watched['send'] }) =>
    send({ type: 'spans', json: JSON.stringify(Array(count).fill(SPAN)), count })

  const spansIn = () =>
    suite.receiver.traceRequests.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    )

  for (const status of [429, 502, 503, 504]) {
    it(`sends spans again after ${status}, and tells it once`, async () => {
      let refusals = 0
      suite.receiver.answer = (response, { path }) => {
        if (path === '/v1/traces' && refusals++ < 2) {
          response.writeHead(status, { 'retry-after': '0' }).end('busy')
        } else response.end('{}')
      }
      const started = await suite.watch()
      started.send({ type: 'spans', json: JSON.stringify([SPAN]), count: 1 })
      await until('three tries', () => suite.receiver.traceRequests.length === 3)
      expect(started.warnings).to.deep.equal([
        `traces cannot be sent by ${suite.url}/v1/traces, the app runs on: HTTP status ${status}`,
      ])
    })
  }

  it('takes a kept connection that the receiver has closed for no sign of trouble', async () => {
    const used = new WeakSet<object>()
    suite.receiver.answer = (response) => {
      const { socket } = response
      if (socket === null || used.has(socket)) {
        socket?.destroy()
        return
      }
      used.add(socket)
      response.end('{}')
    }
    const started = await suite.watch()
    const taken = () => suite.receiver.traceRequests.length
    for (let round = 1; round <= 3; round++) {
      const before = taken()
      started.send({ type: 'spans', json: JSON.stringify([SPAN]), count: 1 })
      // The second and third are offered twice, over the kept connection and over a new one.
      await until(`round ${round}`, () => taken() === before + (round === 1 ? 1 : 2))
    }
    expect(started.warnings).to.deep.equal([])
  })

  it('does not send again what was refused for good, and counts it', async () => {
    suite.receiver.answer = (response, { path }) => {
      if (path === '/v1/traces') response.statusCode = 400
      response.end('{}')
    }
    const started = await suite.watch()
    started.send({ type: 'spans', json: JSON.stringify([SPAN, SPAN]), count: 2 })
    await until('the drop', () => suite.receiver.metrics('chokepoint.sdk.dropped').length > 0)
    const [point] = suite.receiver.metrics('chokepoint.sdk.dropped').at(-1)!.points
    expect(point).to.deep.include({
      value: 2,
      attributes: { 'chokepoint.drop.kind': 'span', 'chokepoint.drop.reason': 'refused' },
    })
    expect(suite.receiver.traceRequests).to.have.length(1)
  })

  it('counts what a receiver rejects of what it takes', async () => {
    suite.receiver.answer = (response, { path }) => {
      const rejected = { partialSuccess: { rejectedSpans: 1, errorMessage: 'too old' } }
      response.end(path === '/v1/traces' ? JSON.stringify(rejected) : '{}')
    }
    const started = await suite.watch()
    started.send({ type: 'spans', json: JSON.stringify([SPAN]), count: 1 })
    await until('the drop', () => suite.receiver.metrics('chokepoint.sdk.dropped').length > 0)
    expect(started.warnings).to.deep.equal([
      `traces were taken only in part by ${suite.url}/v1/traces: too old`,
    ])
  })

  it('sends what has waited when the receiver comes back', async () => {
    let away = true
    suite.receiver.answer = (response) => {
      if (away) response.destroy()
      else response.end('{}')
    }
    const started = await suite.watch()
    started.send({ type: 'spans', json: JSON.stringify([SPAN]), count: 1 })
    await until('a try', () => suite.receiver.traceRequests.length > 0)
    const tries = suite.receiver.traceRequests.length
    away = false
    await until('a later try', () => suite.receiver.traceRequests.length > tries)
    expect(spansIn().length).to.be.at.least(2)
    await until('metrics', () => suite.receiver.metrics('chokepoint.sdk.export.queue').length > 3)
    const queue = () =>
      suite.receiver
        .metrics('chokepoint.sdk.export.queue')
        .at(-1)!
        .points.find(({ attributes }) => attributes['chokepoint.signal'] === 'traces')!.value
    await until('an empty queue', () => queue() === 0)
  })

  it('keeps its queue bounded while nobody listens, and counts what it drops', async () => {
    suite.receiver.answer = (response, { path }) => {
      if (path === '/v1/traces') response.destroy()
      else response.end('{}')
    }
    const started = await suite.watch()
    const big = { ...SPAN, attributes: { text: 'x'.repeat(4_000) } }
    const json = JSON.stringify(Array(512).fill(big))
    for (let batch = 0; batch < 6; batch++) started.send({ type: 'spans', json, count: 512 })
    await until('drops', () => suite.receiver.metrics('chokepoint.sdk.dropped').length > 0)
    const dropped = suite.receiver.metrics('chokepoint.sdk.dropped').at(-1)!.points[0]!
    expect(dropped.attributes).to.include({ 'chokepoint.drop.reason': 'queue_full' })
    const bytes = suite.receiver
      .metrics('chokepoint.sdk.export.queue')
      .flatMap(({ points }) => points.map(({ value }) => value))
    expect(Math.max(...bytes)).to.be.within(1e6, 4 * 1024 * 1024)
  })

  it('keeps no more spans than OTEL_BSP_MAX_QUEUE_SIZE', async () => {
    suite.receiver.answer = (response, { path }) => {
      if (path === '/v1/traces') response.destroy()
      else response.end('{}')
    }
    const started = await suite.watch({
      OTEL_BSP_MAX_QUEUE_SIZE: '30',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10',
    })
    for (let batch = 0; batch < 5; batch++) {
      sendSpans(10, { send: (message) => started.send(message) })
    }
    const dropped = () => suite.receiver.metrics('chokepoint.sdk.dropped').at(-1)?.points[0]?.value
    await until('all drops', () => dropped() === 20)
  })

  it('goes on when what answers is no HTTP server', async () => {
    const garbage: Server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end('\u0000\u0001 I am not what you think\r\n')
    })
    await new Promise<void>((resolve) => garbage.listen(0, '127.0.0.1', resolve))
    const { port } = garbage.address() as AddressInfo
    const started = await suite.watch({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` })
    await until('the warning', () => started.warnings.length > 0)
    expect(started.warnings[0]).to.contain(`metrics cannot be sent by http://127.0.0.1:${port}`)
    // Far below the ten seconds that an export may take.
    expect(await started.flush('shutdown')).to.be.below(5000)
    garbage.close()
  })

  it('gives up on a slow receiver in time, and reports again', async () => {
    suite.receiver.answer = () => undefined
    const started = await suite.watch({ OTEL_EXPORTER_OTLP_TIMEOUT: '150' })
    await until('the warning', () => started.warnings.length > 0)
    expect(started.warnings[0]).to.match(/no answer within \d+ ms/)
    suite.receiver.answer = (response) => response.end('{}')
    const seen = suite.receiver.metricRequests.length
    await until('further reports', () => suite.receiver.metricRequests.length > seen + 2)
    const durations = () => suite.receiver.metrics('chokepoint.sdk.export.duration').at(-1)
    await until('a failed export', () => {
      const failed = durations()?.points.find(({ attributes }) => attributes['error.type'])
      return failed?.attributes['error.type'] === 'unavailable'
    })
  })

  it('sends nothing at all when the exporters are off', async () => {
    const started = await suite.watch({
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    })
    sendSpans(10, { send: (message) => started.send(message) })
    await started.flush()
    expect(suite.receiver.requests).to.deep.equal([])
  })
})
