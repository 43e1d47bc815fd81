import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { freePort } from '../../../../tools/testing/free-port.ts'
import { spawnTied } from '../../../../tools/testing/tied-process.ts'
import { until } from '../../../../tools/testing/until.ts'
import { OtlpReceiver } from './otlp-receiver.ts'
import { programAt } from './server-process.ts'

const ROOT = join(import.meta.dirname, '../../../..')
const NODE = join(ROOT, '.cache/libraries/node-windows/node.exe')
/** Built, because the watch thread is one file then: Wine shows links as folders, and Node finds no package through them. */
const BUILT = join(ROOT, 'packages/instrumentation/dist/register.js')
const WINE = programAt('wine')

/** Node as it is built for Windows, under Wine: what it asks of Windows is Wine's answer, and not Microsoft's. */
describe('the preload on Windows', function () {
  this.timeout(300_000)
  let prefix: string
  let receiver: OtlpReceiver

  before(async function () {
    if (WINE === undefined || !existsSync(NODE) || !existsSync(BUILT)) {
      console.log('    no Wine here, no Node for Windows (npm run libraries), or nothing is built')
      return this.skip()
    }
    prefix = mkdtempSync(join(tmpdir(), 'chokepoint-wine-'))
    receiver = await OtlpReceiver.start()
    execFileSync(WINE, ['winecfg', '-v', 'win10'], { env: environment(), stdio: 'ignore' })
  })

  after(() => {
    if (prefix === undefined) return
    receiver.stop()
    execFileSync('wineserver', ['-k', '-w'], { env: environment() })
    rmSync(prefix, { recursive: true, force: true })
  })

  function environment(): NodeJS.ProcessEnv {
    return { ...process.env, WINEPREFIX: prefix, WINEDEBUG: '-all' }
  }

  it('serves as without it, tells what Node knows there and nothing else, names a stall, and keeps the exit code', async () => {
    const folder = join(prefix, 'drive_c', 'app')
    mkdirSync(folder)
    copyFileSync(join(import.meta.dirname, 'fixtures/windows-app.mjs'), join(folder, 'app.mjs'))
    const port = await freePort()
    const output = join(prefix, 'output')
    // Node for Windows takes a file for its output under Wine, and no pipe.
    const child = spawnTied(
      'sh',
      [
        '-c',
        `exec "$@" >${output} 2>&1 </dev/null`,
        'sh',
        WINE!,
        `Z:${NODE}`,
        '--import',
        `file:///Z:${BUILT}`,
        'app.mjs',
      ],
      {
        cwd: folder,
        stdio: 'ignore',
        env: {
          ...environment(),
          PORT: String(port),
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
          OTEL_EXPORTER_PROMETHEUS_PORT: '0',
          OTEL_METRIC_EXPORT_INTERVAL: '500',
        },
      },
    )
    const ended = once(child, 'exit')
    const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text()
    await until('the app to listen', async () => (await ask('/plain')) === 'ok')
    await until('its metrics', () => receiver.points('system.cpu.utilization').length > 0)
    expect(await ask('/block')).to.equal('free again')
    const stalls = () => receiver.points('nodejs.eventloop.blocked.duration')
    await until('the stall', () => stalls().length > 0)
    expect(await ask('/end')).to.equal('bye')
    const [code] = await ended
    const said = readFileSync(output, 'utf8')
    expect(code, said).to.equal(7)
    expect(said).to.equal('')

    const served = receiver.points('http.server.request.duration')
    expect(served.reduce((sum, { count }) => sum + count, 0)).to.be.at.least(2)
    expect(stalls()[0]!.attributes).to.include({
      'code.function.name': 'blockTheLoop',
      'code.file.path': 'C:\\app\\app.mjs',
    })
    const gauge = (metric: string) => receiver.points(metric)[0]?.value
    expect(gauge('system.cpu.logical.count')).to.equal(availableParallelism())
    expect(gauge('system.memory.limit')).to.be.closeTo(totalmem(), totalmem() / 10)
    expect(gauge('process.memory.usage')).to.be.within(20e6, 2e9)
    expect(gauge('process.uptime')).to.be.above(1)
    const modes = receiver.points('system.cpu.time').map(({ attributes }) => attributes['cpu.mode'])
    expect(new Set(modes)).to.deep.equal(new Set(['user', 'system', 'idle', 'interrupt']))
    const [disk] = receiver.points('system.filesystem.limit')
    expect(disk!.attributes).to.deep.equal({ 'system.filesystem.mountpoint': 'C:\\' })
    const absent = ['system.network.io', 'container.cpu.time', 'process.context_switches']
    expect(absent.flatMap((metric) => receiver.points(metric))).to.deep.equal([])
  })
})
