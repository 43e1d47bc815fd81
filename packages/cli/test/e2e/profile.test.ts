import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect } from 'chai'
import { freePort } from '../../../../tools/testing/free-port.ts'
import { until } from '../../../../tools/testing/until.ts'
import { CliProcess, runCliProcess } from './cli-process.ts'

const TOKEN = 'a-token-of-the-test'
const APP = `
function burnTheCandle() {
  const endMs = performance.now() + 5
  while (performance.now() < endMs) Math.sqrt(endMs)
}
const kept = []
function hoard() {
  kept.push(new Array(20_000).fill(kept.length))
  if (kept.length > 100) kept.length = 0
}
setInterval(burnTheCandle, 10)
setInterval(hoard, 10)
console.error('the service runs')
`

describe('chokepoint profile', () => {
  let folder: string
  let service: CliProcess
  let analyzer: CliProcess
  let serviceUrl: string
  let analyzerUrl: string

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-profile-'))
    const port = await freePort()
    serviceUrl = `http://127.0.0.1:${port}`
    writeFileSync(join(folder, 'app.mjs'), APP)
    service = new CliProcess(['run', '--', process.execPath, join(folder, 'app.mjs')], {
      env: { CHOKEPOINT_PROFILE_TOKEN: TOKEN, OTEL_EXPORTER_PROMETHEUS_PORT: String(port) },
    })
    writeFileSync(
      join(folder, 'chokepoint.yaml'),
      `listen: { otlpHttp: 0, otlpGrpc: 0, api: 0 }
profiles: [{ service: shop, url: '${serviceUrl}', token: '\${SHOP_TOKEN}' }]
`,
    )
    analyzer = new CliProcess(['serve', '--config', join(folder, 'chokepoint.yaml')], {
      env: { SHOP_TOKEN: TOKEN },
    })
    analyzerUrl = (await analyzer.told(/API (http:\/\/[\d.:]+)/))[1]!
    await service.told(/the service runs/)
    await until('/metrics', async () => (await fetch(`${serviceUrl}/metrics`)).ok)
  })

  after(async () => {
    await Promise.all([service?.end(), analyzer?.end()])
    rmSync(folder, { recursive: true })
  })

  async function profile(...args: string[]): Promise<Buffer> {
    const file = join(folder, 'out.pb.gz')
    const { exitCode, stdout, stderr } = await runCliProcess(
      ['profile', ...args, '--seconds', '1', '--out', file],
      { env: { CHOKEPOINT_PROFILE_TOKEN: TOKEN } },
    )
    expect({ exitCode, stdout }, stderr).to.deep.equal({ exitCode: 0, stdout: `${file}\n` })
    return readFileSync(file)
  }

  for (const [kind, name] of [
    ['cpu', 'burnTheCandle'],
    ['heap', 'hoard'],
  ] as const) {
    it(`has the analyzer take a ${kind} profile of a running service, and keep it`, async () => {
      const file = await profile('shop', '--url', analyzerUrl, '--kind', kind)
      expect(gunzipSync(file).includes(name)).to.equal(true)
      const { data } = (await (await fetch(`${analyzerUrl}/api/v1/profiles`)).json()) as {
        data: { stored: { id: string; kind: string; bytes: number }[] }
      }
      expect(data.stored[0]).to.include({ kind, bytes: file.length })
      const kept = await fetch(`${analyzerUrl}/api/v1/profiles/${data.stored[0]?.id}`)
      expect(Buffer.from(await kept.arrayBuffer()).equals(file)).to.equal(true)
      if (spawnSync('go', ['version']).status !== 0) return
      const top = execFileSync('go', ['tool', 'pprof', '-top', '-cum', join(folder, 'out.pb.gz')])
      expect(top.toString()).to.contain(name)
    })
  }

  it('asks the service itself by its address', async () => {
    expect(gunzipSync(await profile(serviceUrl)).includes('burnTheCandle')).to.equal(true)
  })

  it('says what is wrong, and exits with 1', async () => {
    const wrong: readonly [string[], NodeJS.ProcessEnv, RegExp][] = [
      [['payment', '--url', analyzerUrl], {}, /404 no profile can be asked of "payment"/],
      [[serviceUrl], {}, /CHOKEPOINT_PROFILE_TOKEN is not set/],
      [[serviceUrl], { CHOKEPOINT_PROFILE_TOKEN: 'not the token' }, /401 the token is missing/],
    ]
    for (const [args, env, message] of wrong) {
      const { exitCode, stderr } = await runCliProcess(['profile', ...args], { env })
      expect({ exitCode, told: message.test(stderr) }, stderr).to.deep.equal({
        exitCode: 1,
        told: true,
      })
    }
  })
})
