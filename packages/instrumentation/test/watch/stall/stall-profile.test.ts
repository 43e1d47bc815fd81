import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Session } from 'node:inspector/promises'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { freePort } from '../../../../../tools/testing/free-port.ts'
import { until } from '../../../../../tools/testing/until.ts'
import { startCpuProfile } from '../../../src/watch/stall/start-cpu-profile.ts'
import { readAttributes } from '../otlp-json.ts'
import type { WatchedApp } from '../watched-app.ts'
import { WatchedSuite } from '../watched-suite.ts'

const APP = join(import.meta.dirname, '../fixtures/blocking-app.mjs')

describe('stall profile of a real app', () => {
  const suite = new WatchedSuite()
  let directory: string
  let app: WatchedApp | undefined

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'chokepoint-'))
  })

  after(() => rmSync(directory, { recursive: true }))

  async function start(file = APP, environment: Record<string, string> = {}): Promise<WatchedApp> {
    app = await suite.startApp(file, environment)
    return app
  }

  const events = () =>
    suite.receiver.logRequests.flatMap(({ resourceLogs }) =>
      resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords)),
    )

  async function stallPoints() {
    const states = () => suite.receiver.metrics('nodejs.eventloop.blocked.duration')
    await until('the stall as a metric', () => states().length > 0)
    return states().at(-1)!.points
  }

  // The machine that runs the tests may be busy: blocks are of processor time, and may take many times as long.
  it('names the function, file and line that block, while they block', async () => {
    const { child } = await start()
    let freeAt: number | undefined
    child.on('message', (message: { freeAt?: number }) => {
      freeAt = message.freeAt
    })
    child.send({ how: 'spin', ms: 2_500 })
    await until('the log event', () => events().length > 0)
    expect(freeAt, 'the app is blocked still').to.equal(undefined)
    const [event] = events()
    expect(event).to.include({ eventName: 'nodejs.eventloop.blocked', severityText: 'WARN' })
    const attributes = readAttributes(event!.attributes)
    expect(attributes).to.include({
      'code.function.name': 'spinTheWheel',
      'code.file.path': APP,
      'code.line.number': 8,
    })
    expect(attributes['chokepoint.stall.duration']).to.be.within(0.2, 30)
    await until('the end of the stall', () => freeAt !== undefined)
    const [point] = await stallPoints()
    expect(point!.attributes).to.include({ 'code.function.name': 'spinTheWheel' })
    expect(point!.count).to.equal(1)
    // Only time in which the thread was seen to run counts, and looks at it are some milliseconds apart.
    expect(point!.sum).to.be.within(1.8, 30)
  })

  it('is scraped while the app is blocked, and shows the block', async () => {
    const port = await freePort()
    const { child } = await start(APP, {
      OTEL_METRICS_EXPORTER: 'otlp,prometheus',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
    })
    await until(
      'a sample of the runtime',
      () => suite.receiver.metrics('nodejs.eventloop.delay.max').length > 0,
    )
    let isFree = false
    child.on('message', (message: { freeAt?: number }) => {
      isFree ||= message.freeAt !== undefined
    })
    child.send({ how: 'spin', ms: 4_000 })
    await until('the block in the metrics', () => {
      const last = suite.receiver.metrics('nodejs.eventloop.delay.max').at(-1)
      return last!.points[0]!.value > 1.5
    })
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(isFree, 'the app is blocked still').to.equal(false)
    const [, delay] = /^nodejs_eventloop_delay_max_seconds (\S+)$/m.exec(text) ?? []
    expect(Number(delay)).to.be.above(1.5)
  })

  it('names who called what is not JavaScript', async () => {
    const { child } = await start()
    // It waits by the clock, so the profiler must come in time on a busy machine, too.
    child.send({ how: 'shell', ms: 3_000 })
    const [point] = await stallPoints()
    expect(point!.attributes).to.deep.include({
      'code.function.name': 'runTheShell',
      'code.line.number': 18,
    })
    // The start of the profile itself and a busy machine make it longer.
    expect(point!.sum).to.be.within(2.5, 30)
  })

  for (const [how, name, callee] of [
    ['hash', '(anonymous)', 'pbkdf2Sync (node:internal/crypto/pbkdf2)'],
    ['zip', 'zipTheBook', 'syncBufferWrapper (node:zlib)'],
    ['match', 'matchTheText', undefined],
    ['wait', 'waitForNobody', undefined],
    ['addUp', 'addUp', undefined],
    ['timer', 'waitForTheClock', undefined],
  ] as const) {
    it(`names ${name} and what it called while it is blocked in ${how}`, async () => {
      const { child } = await start()
      await until(
        'a sample of the runtime',
        () => suite.receiver.metrics('nodejs.eventloop.utilization').length > 0,
      )
      child.send({ how, ms: 1_500 })
      await until('the log event', () => events().length > 0)
      const attributes = readAttributes(events()[0]!.attributes)
      expect(attributes['code.function.name']).to.equal(name)
      expect(attributes['chokepoint.stall.callee']).to.equal(callee)
    })
  }

  it('times a stall without a profile when profiles are switched off', async () => {
    const { child } = await start(APP, { CHOKEPOINT_STALL_PROFILE: 'false' })
    child.send({ how: 'spin', ms: 400 })
    const [point] = await stallPoints()
    expect(point!.attributes).to.deep.equal({})
    // It counts from when the heartbeat was due, which may be some looks after the block began.
    expect(point!.sum).to.be.within(0.25, 30)
    expect(events()).to.deep.equal([])
  })

  it('takes neither a short block nor the loading of the app for a stall', async () => {
    const { child } = await start(APP, { SPIN_AT_START_MS: '700' })
    // Half of the threshold is the least that the code itself must have used.
    child.send({ how: 'spin', ms: 60 })
    await once(child)
    const seen = suite.receiver.metricRequests.length
    await until('some reports more', () => suite.receiver.metricRequests.length > seen + 3)
    expect(suite.receiver.metrics('nodejs.eventloop.blocked.duration')).to.deep.equal([])
  })

  describe('with a heap that V8 would collect as the profile begins', () => {
    const crowded = join(import.meta.dirname, '../fixtures/crowded-app.mjs')
    const flags = ['--min-semi-space-size=8', '--max-semi-space-size=8']
    flags.push('--compact-on-every-full-gc', '--heap-growing-percent=10')

    // Without the ends of all lines known before it stood still in about half of the runs, so there are two.
    it('does not stop the app for good', async () => {
      for (let run = 0; run < 2; run++) {
        const app = await suite.startApp(crowded, {}, flags)
        expect(await app.message()).to.have.property('kept')
        await until('the log event', () => events().length > run)
        await app.end()
      }
    })

    // Alone, with nothing else on its heap, the app stood still in each of seven runs without them.
    it('has commands that do not stop a thread for good', async () => {
      const commands: unknown[] = []
      const post = async (...command: unknown[]) => void commands.push(command)
      await startCpuProfile({ post } as unknown as Session, 1_000)
      const { stdout } = await promisify(execFile)(process.execPath, [...flags, crowded], {
        env: { ...process.env, COMMANDS: JSON.stringify(commands) },
        timeout: 60_000,
        killSignal: 'SIGKILL',
      })
      expect(stdout).to.equal('kept 600\n')
    })
  })

  it('leaves no word of the inspector on stderr when the app ends while it is profiled', async () => {
    for (const afterMs of [220, 260, 300, 350]) {
      const { child } = await start()
      child.send({ how: 'spinAndExit', ms: afterMs })
      await ended(child)
      expect(app!.stderr).to.not.match(/inspector|debugger/i)
    }
  })

  it('dies of a signal that comes while it is profiled, without a word', async () => {
    const { child } = await start()
    child.send({ how: 'shell', ms: 3_000 })
    setTimeout(() => child.kill('SIGTERM'), 1_500)
    const signal = await ended(child)
    expect(signal).to.equal('SIGTERM')
    expect(app!.stderr).to.not.match(/inspector|debugger/i)
    const [point] = await stallPoints()
    expect(point!.sum, 'the last stall is told').to.be.within(0.5, 30)
  })

  it('names functions of CommonJS and of TypeScript whose types Node strips', async () => {
    const files = {
      'busy.cjs': [
        'const turn = (ms) => { const end = performance.now() + ms',
        '  while (performance.now() < end); }',
        "exports.go = process.on('message', () => setImmediate(() => turn(1500)))",
      ],
      'busy.mts': [
        'interface Turns { readonly ms: number }',
        '',
        'function turn({ ms }: Turns): void {',
        '  const end: number = performance.now() + ms',
        '  while (performance.now() < end);',
        '}',
        "process.on('message', () => setImmediate(() => turn({ ms: 1500 })))",
      ],
    }
    for (const [name, line] of [
      ['busy.cjs', 1],
      ['busy.mts', 3],
    ] as const) {
      const file = join(directory, name)
      writeFileSync(file, files[name].join('\n'))
      suite.receiver.requests.length = 0
      const { child } = await start(file)
      child.send('go')
      const [point] = await stallPoints()
      await app!.end()
      expect(point!.attributes).to.deep.equal({
        'code.function.name': 'turn',
        'code.file.path': file,
        'code.line.number': line,
      })
    }
  })

  it('does not take a stop of the whole process for a stall', async () => {
    const { child } = await start()
    for (let stop = 0; stop < 3; stop++) {
      child.kill('SIGSTOP')
      await new Promise((resolve) => setTimeout(resolve, 500))
      child.kill('SIGCONT')
      const seen = suite.receiver.metricRequests.length
      await until('a report after it', () => suite.receiver.metricRequests.length > seen + 1)
    }
    expect(suite.receiver.metrics('nodejs.eventloop.blocked.duration')).to.deep.equal([])
    expect(events()).to.deep.equal([])
  })

  it('tells the place in the source when the file has a source map', async () => {
    const source = join(directory, 'busy.ts')
    const code = [
      'enum Wheel { Left, Right }',
      '',
      'export function turn(ms: number): number {',
      '  const end = performance.now() + ms',
      '  let turns: number = Wheel.Left',
      '  while (performance.now() < end) turns++',
      '  return turns',
      '}',
      "process.on('message', () => setImmediate(turn, 1500))",
    ].join('\n')
    const built = stripTypeScriptTypes(code, {
      mode: 'transform',
      sourceMap: true,
      sourceUrl: pathToFileURL(source).href,
    }).replace(/\n\/\/# sourceURL=.*/, '')
    expect(built).to.contain('sourceMappingURL=data:')
    writeFileSync(join(directory, 'busy.mjs'), built)
    const { child } = await start(join(directory, 'busy.mjs'))
    child.send('go')
    const [point] = await stallPoints()
    expect(point!.attributes).to.deep.equal({
      'code.function.name': 'turn',
      'code.file.path': source,
      'code.line.number': 3,
    })
  })
})

function ended(child: WatchedApp['child']): Promise<NodeJS.Signals | null> {
  return new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)))
}

function once(child: WatchedApp['child']): Promise<void> {
  return new Promise((resolve) => child.once('message', () => resolve()))
}
