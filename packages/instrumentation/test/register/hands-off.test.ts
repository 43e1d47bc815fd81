import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

/** Long enough for a pipe that nobody reads to be full; the app would wait for a minute as well. */
const UNREAD_MS = 300

describe('what an app does with its own descriptors and listeners, under the preload', () => {
  let receiver: OtlpReceiver
  let app: AppProcess
  let url: string

  before(async () => {
    receiver = await OtlpReceiver.start()
    app = new AppProcess('hands-off-app.mjs', {
      preload: '--import',
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_TRACES_EXPORTER: 'none' },
    })
    await until('the app to listen', () => /listening \d+\n/.test(app.stderr))
    url = `http://127.0.0.1:${/listening (\d+)/.exec(app.stderr)?.[1]}`
  })

  after(() => {
    app.child.kill('SIGKILL')
    receiver.stop()
  })

  const counted = (name: string): number =>
    receiver.points(name).reduce((sum, { count = 0 }) => sum + count, 0)

  it('blocks where it writes to a full pipe, and loses nothing', async () => {
    // Not before the watch thread is up.
    await until('a report', () => receiver.points('nodejs.eventloop.utilization').length > 0)
    app.child.stdout!.pause()
    const writing = once(app.child, 'message')
    app.child.send('write')
    await writing
    await wait(UNREAD_MS)
    const written = once(app.child, 'message')
    app.child.stdout!.resume()
    expect(await written).to.deep.equal(['written', undefined])
    await until('all of it', () => app.stdout.length === 2_000_000)
  })

  it('counts a response whose listeners it has removed', async () => {
    for (const path of ['/removes', '/']) await (await fetch(url + path)).text()
    await until('both requests', () => counted('http.server.request.duration') === 2)
    const active = receiver.points('http.server.active_requests')
    expect(active.map(({ value }) => value)).to.deep.equal([0])
  })

  it('counts a call whose listeners it has removed, and one with its headers in a list', async () => {
    const called = once(app.child, 'message')
    app.child.send('call')
    await called
    await until('two calls', () => counted('http.client.request.duration') === 2)
    const ports = receiver
      .points('http.client.request.duration')
      .map(({ attributes }) => `${attributes['server.address']}:${attributes['server.port']}`)
    const { port } = new URL(url)
    expect(ports.toSorted()).to.deep.equal([`127.0.0.1:${port}`, `localhost:${port}`])
  })

  it('says nothing', () => {
    expect(app.stderr).to.match(/^listening \d+\n$/)
  })
})
