import { join } from 'node:path'
import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

const PERMISSION = ['--permission', '--allow-fs-read=*']

describe('an app in unusual surroundings, under the preload', () => {
  let receiver: OtlpReceiver

  beforeEach(async () => {
    receiver = await OtlpReceiver.start()
  })

  afterEach(() => receiver.stop())

  const run = (
    nodeArguments: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ) =>
    new AppProcess('surrounded-app.mjs', {
      preload: '--import',
      nodeArguments,
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...environment },
    }).ended

  const durations = () => receiver.points('http.server.request.duration')

  it('runs untouched where Node allows no threads, and one line says so', async () => {
    const { code, stdout, stderr } = await run(PERMISSION)
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: '200\n' })
    expect(stderr.match(/\[chokepoint\].*/g)).to.deep.equal([
      '[chokepoint] Node is told to allow no threads (--allow-worker): the app runs without it',
    ])
    expect(durations()).to.deep.equal([])
  })

  it('is measured where Node allows threads', async () => {
    const { code, stdout, stderr } = await run([...PERMISSION, '--allow-worker'])
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: '200\n' })
    expect(stderr).not.to.contain('[chokepoint]')
    expect(durations().map(({ count }) => count)).to.deep.equal([1])
  })

  it('is measured by `node --watch`, which is told nothing of ours', async () => {
    const app = new AppProcess('surrounded-app.mjs', {
      preload: '--import',
      nodeArguments: ['--watch'],
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
    })
    await until('the first run', () => app.stdout.includes('Completed running'))
    app.child.kill('SIGTERM')
    const { stdout, stderr } = await app.ended
    expect(stdout).to.contain('200\n')
    expect(stderr).not.to.contain('[chokepoint]')
    expect(durations().map(({ count }) => count)).to.deep.equal([1])
  })

  it('runs untouched where its address space has no room for a thread', async function () {
    if (process.platform !== 'linux') this.skip()
    const app = new AppProcess('surrounded-app.mjs', {
      preload: '--import',
      node: join(import.meta.dirname, 'fixtures', 'limited-node.sh'),
      environment: { UNLIMITED_NODE: process.execPath, ADDRESS_SPACE: '1900000' },
    })
    const { code, stdout, stderr } = await app.ended
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: '200\n' })
    expect(stderr).to.match(/^\[chokepoint\] .* limited to 1855 MiB, and has \d+ left of .*\n$/)
  })

  it('is measured as a user who has no name', async function () {
    // Only root may become somebody else.
    if (process.geteuid?.() !== 0) this.skip()
    const { code, stdout, stderr } = await run([], { NAMELESS_USER: '61234' })
    expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: '200\n', stderr: '' })
    expect(durations().map(({ count }) => count)).to.deep.equal([1])
  })

  it('is measured by the real clocks when it fakes its own, and nothing is a stall', async () => {
    const { code, stdout, stderr } = await run([], { FAKE_CLOCKS: 'true' })
    expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: '200\n', stderr: '' })
    const [point] = durations()
    expect(point?.value).to.be.within(0.045, 30)
    expect(receiver.points('nodejs.eventloop.blocked.duration')).to.deep.equal([])
  })
})
