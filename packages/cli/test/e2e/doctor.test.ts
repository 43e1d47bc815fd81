import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { runCliProcess } from './cli-process.ts'

const APP = `
import { createServer } from 'node:http'
const server = createServer((request, response) => response.end('ok')).listen(0, '127.0.0.1', async () => {
  const url = 'http://127.0.0.1:' + server.address().port
  for (let n = 0; n < 10; n++) await (await fetch(url)).text()
  setTimeout(() => process.exit(), 1500)
})
`

describe('chokepoint doctor', () => {
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chokepoint-e2e-'))
    await writeFile(join(folder, 'app.mjs'), APP)
    await writeFile(join(folder, 'package.json'), '{ "name": "small-app" }')
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('tells what is watched of an app, as JSON', async () => {
    const { exitCode, stdout, stderr } = await runCliProcess([
      'doctor',
      '--json',
      '--',
      process.execPath,
      join(folder, 'app.mjs'),
    ])
    expect(exitCode, stderr).to.equal(0)
    const { processes, advice } = JSON.parse(stdout)
    expect(advice).to.deep.equal([])
    expect(processes).to.have.length(1)
    expect(processes[0]).to.include({ service: 'small-app', failedExports: 0 })
    expect(processes[0].watched).to.include.members([
      'HTTP requests in',
      'HTTP calls out',
      'event loop',
    ])
  })

  it('says why a command that is no Node.js program tells nothing', async () => {
    const { exitCode, stderr } = await runCliProcess(['doctor', '--', 'true'])
    expect(exitCode).to.equal(1)
    expect(stderr).to.contain('What to change').and.to.contain('no process reported')
  })
})
