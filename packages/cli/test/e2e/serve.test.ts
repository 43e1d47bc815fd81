import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'

const CLI = join(import.meta.dirname, '../../dist/main.js')

const rules = (alert: string, expression: string) => `
groups:
  - name: own
    rules: [{ alert: ${alert}, expr: '${expression}' }]
`

describe('chokepoint serve', () => {
  let folder: string
  let child: ChildProcess
  let output = ''

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-serve-'))
    writeFileSync(join(folder, 'own.yml'), rules('First', 'up == 0'))
    writeFileSync(
      join(folder, 'chokepoint.yaml'),
      `listen: { host: 127.0.0.1, otlpHttp: 0, otlpGrpc: 0, api: 0 }
dataDir: ${folder}/data
rules: ['${folder}/own.yml']
evaluation: { interval: 1h }
`,
    )
    child = spawn(process.execPath, [CLI, 'serve', '--config', join(folder, 'chokepoint.yaml')])
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    await until('the line of the start', () => /live page and API http/.test(output))
  })

  after(() => {
    if (child.exitCode === null) child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  })

  async function alertNames(): Promise<string[]> {
    const url = /API (http:\/\/[\d.:]+)/.exec(output)?.[1]
    const response = await fetch(`${url}/api/v1/rules`)
    const { data } = (await response.json()) as {
      data: { groups: { name: string; rules: { name: string }[] }[] }
    }
    return data.groups
      .filter(({ name }) => name === 'own')
      .flatMap((group) => group.rules.map(({ name }) => name))
  }

  it('reads the rules again on SIGHUP', async () => {
    expect(await alertNames()).to.deep.equal(['First'])
    writeFileSync(join(folder, 'own.yml'), rules('Second', 'up == 0'))
    child.kill('SIGHUP')
    await until('the new rules', async () => (await alertNames())[0] === 'Second')
  })

  it('keeps the rules on SIGHUP when the new ones are wrong, and says where', async () => {
    writeFileSync(join(folder, 'own.yml'), rules('Third', 'up =='))
    child.kill('SIGHUP')
    await until('the complaint', () => /keeping the old rules: .*own\.yml:4:/.test(output))
    expect(await alertNames()).to.deep.equal(['Second'])
  })

  it('ends with 0 on SIGTERM', async () => {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).to.deep.equal([0, null])
  })
})
