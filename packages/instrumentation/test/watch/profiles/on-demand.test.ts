import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect } from 'chai'
import { Profile } from 'pprof-format'
import { freePort } from '../../../../../tools/testing/free-port.ts'
import { until } from '../../../../../tools/testing/until.ts'
import type { WatchedApp } from '../watched-app.ts'
import { WatchedSuite } from '../watched-suite.ts'

const APP = join(import.meta.dirname, '../fixtures/hungry-app.mjs')
const TOKEN = 'a-token-that-nobody-guesses'

/** The functions of a profile with the sum of the values of all stacks that they are in, of the last kind. */
function valuesOf(gzipped: Uint8Array): ReadonlyMap<string, number> {
  const profile = Profile.decode(gunzipSync(gzipped))
  const { strings } = profile.stringTable
  const functions = new Map(profile.function.map(({ id, name }) => [Number(id), Number(name)]))
  const locations = new Map(profile.location.map(({ id, line }) => [Number(id), line[0]!]))
  const values = new Map<string, number>()
  const nameOf = (id: number | bigint) => {
    return strings[functions.get(Number(locations.get(Number(id))!.functionId))!]!
  }
  for (const { locationId, value } of profile.sample) {
    for (const name of new Set(['(all)', ...locationId.map(nameOf)])) {
      values.set(name, (values.get(name) ?? 0) + Number(value.at(-1)))
    }
  }
  return values
}

describe('profiles on demand of a real app', () => {
  const suite = new WatchedSuite()
  let directory: string
  let app: WatchedApp | undefined

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'chokepoint-'))
  })

  after(() => rmSync(directory, { recursive: true }))

  async function start(environment: Record<string, string>): Promise<WatchedApp> {
    app = await suite.startApp(APP, environment)
    return app
  }

  const bySignal = (folder: string) => ({
    CHOKEPOINT_PROFILE_SIGNAL: 'SIGUSR2',
    CHOKEPOINT_PROFILE_SECONDS: '2',
    CHOKEPOINT_PROFILE_DIR: folder,
  })

  it('are written by a signal, readable for the owner only, and go tool pprof reads them', async function () {
    const folder = join(directory, 'new/folder')
    const { child } = await start(bySignal(folder))
    child.kill('SIGUSR2')
    await until(
      'two files',
      () => /cpu profile is in/.test(app!.stderr) && /heap profile is in/.test(app!.stderr),
    )
    const [cpu = '', heap = ''] = readdirSync(folder)
      .sort((one, other) => Number(one.includes('heap')) - Number(other.includes('heap')))
      .map((name) => join(folder, name))
    expect(statSync(cpu).mode & 0o777).to.equal(0o600)
    expect(app!.stderr).to.contain(cpu)
    const times = valuesOf(readFileSync(cpu))
    expect(times.get('addUp')! / times.get('(all)')!).to.be.above(0.3)
    expect(times.get('(all)')! / 1e9, 'no more than the seconds it took').to.be.within(0.3, 4)
    expect(valuesOf(readFileSync(heap)).get('keepMemory')).to.be.above(50_000)
    if (!hasGo()) return this.skip()
    const top = execFileSync('go', ['tool', 'pprof', '-top', '-cum', cpu]).toString()
    expect(top).to.match(/Type: cpu/)
    expect(top).to.match(/addUp/)
    const list = execFileSync('go', ['tool', 'pprof', '-top', '-cum', heap]).toString()
    expect(list).to.match(/Type: inuse_space/)
    expect(list).to.match(/keepMemory/)
  })

  it('leave the signal alone when it is not set: it ends the app as it always did', async () => {
    const { child } = await start({})
    child.kill('SIGUSR2')
    const signal = await new Promise((resolve) =>
      child.once('exit', (_code, name) => resolve(name)),
    )
    expect(signal).to.equal('SIGUSR2')
  })

  it('end with the app, which is not kept and says nothing of the inspector', async () => {
    const { child } = await start(bySignal(directory))
    child.kill('SIGUSR2')
    await until('the beginning', () => app!.stderr.includes('are taken'))
    child.send('go')
    const code = await new Promise((resolve) => child.once('exit', resolve))
    expect(code).to.equal(0)
    expect(app!.stderr.trim().split('\n')).to.deep.equal([
      '[chokepoint] a cpu and a heap profile are taken for 2 s',
    ])
  })

  it('tell why a folder cannot be written, and the app runs on', async () => {
    const file = join(directory, 'no-folder')
    writeFileSync(file, '')
    const { child } = await start({ ...bySignal(file), CHOKEPOINT_PROFILE_SECONDS: '1' })
    child.kill('SIGUSR2')
    await until('both reasons', () => app!.stderr.split('no-folder').length > 4)
    expect(app!.stderr).to.match(/no cpu profile is written to \S+no-folder: EEXIST/)
    expect(child.exitCode).to.equal(null)
  })

  it('tell that the disk is full, and leave no part of a file', async function () {
    const disk = join(directory, 'disk')
    mkdirSync(disk)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', disk], { stdio: 'ignore' })
    } catch {
      // Only root may mount.
      return this.skip()
    }
    try {
      writeFileSync(join(disk, 'full'), Buffer.alloc(4096))
      const { child } = await start({ ...bySignal(disk), CHOKEPOINT_PROFILE_SECONDS: '1' })
      child.kill('SIGUSR2')
      await until('both reasons', () => app!.stderr.split('ENOSPC').length > 2)
      expect(readdirSync(disk)).to.deep.equal(['full'])
      await app!.end()
    } finally {
      execFileSync('umount', [disk])
    }
  })

  it('are fetched from the port of /metrics by who knows the token', async function () {
    const port = await freePort()
    await start({
      OTEL_METRICS_EXPORTER: 'otlp,prometheus',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
      CHOKEPOINT_PROFILE_TOKEN: TOKEN,
    })
    const base = `http://127.0.0.1:${port}/debug/pprof`
    const headers = { authorization: `Bearer ${TOKEN}` }
    const [cpu, again, heap] = await Promise.all([
      fetch(`${base}/profile?seconds=1`, { headers }),
      new Promise((resolve) => setTimeout(resolve, 300)).then(() =>
        fetch(`${base}/profile?seconds=1`, { headers }),
      ),
      fetch(`${base}/heap?seconds=1`, { headers }),
    ])
    expect(cpu.status).to.equal(200)
    expect(valuesOf(await cpu.bytes()).get('addUp')).to.be.above(1e8)
    expect(again.status).to.equal(409)
    expect(heap.status).to.equal(200)
    expect(valuesOf(await heap.bytes()).size).to.be.above(0)
    if (!hasGo()) return this.skip()
    const address = `http://any:${TOKEN}@127.0.0.1:${port}/debug/pprof/profile?seconds=1`
    const env = { ...process.env, PPROF_TMPDIR: directory }
    const top = execFileSync('go', ['tool', 'pprof', '-top', '-cum', address], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    expect(top.toString()).to.match(/addUp/)
  })
})

function hasGo(): boolean {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
