import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

// Installs from the registry, some minutes: CHOKEPOINT_TEST_TARBALL=true after `node tools/build.ts`, or the path of a
// tarball.
const WANTED = process.env.CHOKEPOINT_TEST_TARBALL ?? ''
const PACKAGE = join(import.meta.dirname, '..', '..')

const APPS: Readonly<Record<string, string>> = {
  'app.cjs': `
const http = require('node:http')
const server = http.createServer((request, response) => response.end('ok'))
server.listen(0, '127.0.0.1', () => console.log('listening ' + server.address().port))
`,
  'short.mjs': `
import { component } from '@chokepoint/instrumentation'
component('script').record('run', 5)
setTimeout(() => process.exit(Number(process.env.EXIT)), 200)
`,
  'app.mjs': `
import { createServer } from 'node:http'
const server = createServer((request, response) => response.end('ok'))
server.listen(0, '127.0.0.1', () => console.log('listening ' + server.address().port))
`,
}

describe('the tarball, installed by npm into an empty project', function () {
  this.timeout(600_000)
  let folder: string
  let receiver: OtlpReceiver

  before(async function () {
    if (WANTED === '') return this.skip()
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-tarball-'))
    receiver = await OtlpReceiver.start()
    const tarball = WANTED === 'true' ? pack() : resolve(WANTED)
    writeFileSync(join(folder, 'package.json'), '{ "name": "empty-project", "private": true }')
    npm(folder, 'install', tarball)
    for (const [name, text] of Object.entries(APPS)) writeFileSync(join(folder, name), text)
  })

  after(() => {
    receiver?.stop()
    if (folder !== undefined) rmSync(folder, { recursive: true })
  })

  beforeEach(() => receiver.clear())

  function pack(): string {
    if (!existsSync(join(PACKAGE, 'dist', 'register.js'))) throw new Error('nothing is built')
    npm(PACKAGE, 'pack', '--pack-destination', folder)
    return join(folder, 'chokepoint-instrumentation-0.1.0.tgz')
  }

  function npm(cwd: string, ...args: string[]): void {
    execFileSync('npm', [...args, '--no-audit', '--no-fund'], { cwd, stdio: 'pipe' })
  }

  /** The program of a version of Node, from the npm registry. */
  function nodeOf(major: string): string {
    const home = join(folder, `node${major}`)
    execFileSync('npm', ['install', '--prefix', home, `node@${major}`], { stdio: 'pipe' })
    return join(home, 'node_modules', 'node', 'bin', 'node')
  }

  async function run(node: string, file: string, preload: '--import' | '--require') {
    const app = new AppProcess(join(folder, file), {
      node,
      preload,
      cwd: folder,
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
    })
    const url = await app.listening()
    expect(await (await fetch(url)).text()).to.equal('ok')
    return app
  }

  for (const major of ['22', '24', '26']) {
    it(`works on Node ${major}, for CommonJS and ES modules, by either flag`, async () => {
      const node = nodeOf(major)
      for (const file of ['app.cjs', 'app.mjs']) {
        for (const preload of ['--import', '--require'] as const) {
          receiver.clear()
          const app = await run(node, file, preload)
          await until(
            'the request',
            () => receiver.points('http.server.request.duration')[0]?.count === 1,
          )
          app.child.kill('SIGTERM')
          const { signal, stderr } = await app.ended
          expect({ signal, stderr }).to.deep.equal({ signal: 'SIGTERM', stderr: '' })
        }
      }
    })
  }

  it('tells what a script of 200 ms has measured, and leaves its exit code', async function () {
    // The end waits for half a second at most, which a busy machine may use up.
    this.retries(4)
    const environment = {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_METRIC_EXPORT_INTERVAL: '60000',
      EXIT: '7',
    }
    const file = join(folder, 'short.mjs')
    const { code } = await new AppProcess(file, { preload: '--import', cwd: folder, environment })
      .ended
    expect(code).to.equal(7)
    expect(receiver.points('component.operation.duration')[0]?.count).to.equal(1)
  })

  it('says one line on Node 20, and the app runs', async () => {
    const node = nodeOf('20')
    for (const preload of ['--import', '--require'] as const) {
      const app = await run(node, 'app.cjs', preload)
      app.child.kill('SIGTERM')
      const { stderr } = await app.ended
      expect(stderr).to.match(
        /^\[chokepoint\] needs Node\.js 22\.15 or newer, this is 20\.[^\n]*\n$/,
      )
    }
  })
})
