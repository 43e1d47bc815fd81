import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { CliProcess, runCliProcess } from './cli-process.ts'

const node = (script: string) => ['--', process.execPath, '-e', script]
const run = (...args: string[]) => runCliProcess(['run', '--port', '0', ...args])

describe('chokepoint run', () => {
  it("leaves the command's standard output alone and ends with its code", async () => {
    const script = 'process.stdout.write("a\\u0000b"); process.exitCode = 7'
    const { exitCode, stdout, stderr } = await run(...node(script))
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 7, stdout: 'a\u0000b' })
    expect(stderr).to.match(/live page http:\S+/)
    expect(stderr).to.match(/the command ended with 7/)
  })

  it('ends with the code of an app that crashes, and shows the stack once', async () => {
    const { exitCode, stderr } = await run(...node('throw new Error("the app is broken")'))
    expect(exitCode).to.equal(1)
    expect(stderr.match(/Error: the app is broken/g)).to.have.length(1)
  })

  it('ends with 128 and the number of the signal that ended the command', async () => {
    const { exitCode } = await run(...node('process.kill(process.pid, "SIGTERM")'))
    expect(exitCode).to.equal(143)
  })

  it('ends with 127 when there is no such command, and with 126 when it is no program', async () => {
    const missing = await run('--', 'no-such-command')
    expect(missing.exitCode).to.equal(127)
    expect(missing.stderr).to.contain('cannot be run: no-such-command: command not found')
    const file = await run('--', import.meta.filename)
    expect(file.exitCode).to.equal(126)
    expect(file.stderr).to.contain('permission denied')
  })

  it('hands SIGINT on, and lets the app end in its own way', async () => {
    const script = `process.on('SIGINT', () => { console.log('bye'); process.exit(5) })
      console.log('up'); setInterval(() => {}, 1000)`
    const cli = new CliProcess(['run', '--port', '0', ...node(script)])
    while (!cli.stdout.includes('up')) await once(cli.child.stdout!, 'data')
    cli.child.kill('SIGINT')
    expect(await cli.ended(), cli.output).to.equal(5)
    expect(cli.stdout).to.equal('up\nbye\n')
  })

  it('ends the command after --duration, which is no failure', async () => {
    const { exitCode, stderr } = await run(
      '--duration',
      '1s',
      ...node('setInterval(() => {}, 1000)'),
    )
    expect(exitCode).to.equal(0)
    expect(stderr).to.contain('ended because its time was up')
  })

  it('tells that a port is taken, and starts nothing', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    try {
      const { port } = taken.address() as AddressInfo
      const { exitCode, stdout, stderr } = await runCliProcess([
        'run',
        '--port',
        String(port),
        ...node('console.log("ran")'),
      ])
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 1, stdout: '' })
      expect(stderr)
        .to.contain(String(port))
        .and.to.match(/in use|taken/)
    } finally {
      close(taken)
    }
  })

  it('tells what an option expects, and ends with 2', async () => {
    const { exitCode, stderr } = await run('--report', 'report.pdf', ...node(''))
    expect(exitCode).to.equal(2)
    expect(stderr).to.contain('Expected a file that ends in .html, .json or .csv')
  })

  it('tells the wrong key of a config with its line and what was expected', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chokepoint-e2e-'))
    try {
      const config = join(folder, 'chokepoint.yaml')
      await writeFile(config, 'listen:\n  host: 127.0.0.1\n  aip: 9490\n')
      const ran = await run('--config', config, ...node('console.log("ran")'))
      expect({ exitCode: ran.exitCode, stdout: ran.stdout }).to.deep.equal({
        exitCode: 2,
        stdout: '',
      })
      expect(ran.stderr).to.contain(`${config}:3:3: listen.aip: expected a known key, got aip`)
      const checked = await runCliProcess(['check', config])
      expect(checked.exitCode).to.equal(1)
      expect(checked.stdout).to.contain('FAILED').and.to.contain(`${config}:3:3: listen.aip`)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

function close(server: Server): void {
  server.close()
}
