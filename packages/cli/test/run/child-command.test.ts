import { expect } from 'chai'
import { ChildCommand } from '../../src/run/child-command.ts'

const node = (script: string) => new ChildCommand([process.execPath, '-e', script], process.env)
const WAITS = 'setInterval(() => {}, 1000)'

describe('ChildCommand', () => {
  it("ends with the command's code", async () => {
    expect(await node('process.exit(7)').ended).to.include({ exitCode: 7, words: 'ended with 7' })
  })

  it('ends with 128 and the number of the signal, as a shell does', async () => {
    const { exitCode, words } = await node('process.kill(process.pid, "SIGKILL")').ended
    expect({ exitCode, words }).to.deep.equal({ exitCode: 137, words: 'was ended by SIGKILL' })
  })

  it('ends with 127 when there is no such command', async () => {
    expect(await new ChildCommand(['no-such-command'], process.env).ended).to.deep.equal({
      exitCode: 127,
      words: 'cannot be run: no-such-command: command not found',
      started: false,
    })
  })

  it('ends with 126 when the file is no program', async () => {
    expect(await new ChildCommand([import.meta.filename], process.env).ended).to.deep.equal({
      exitCode: 126,
      words: `cannot be run: ${import.meta.filename}: permission denied`,
      started: false,
    })
  })

  it('counts the end by its time limit as no failure', async () => {
    const command = node(WAITS)
    command.stop()
    expect((await command.ended).exitCode).to.equal(0)
  })

  it('hands a signal on, and ends the command at the second one', async () => {
    const polite = node(WAITS)
    polite.handOn('SIGINT', false)
    expect((await polite.ended).words).to.equal('was ended by SIGINT')

    const stubborn = node(WAITS)
    stubborn.handOn('SIGINT', true)
    stubborn.handOn('SIGINT', true)
    expect((await stubborn.ended).words).to.equal('was ended by SIGKILL')
  })
})
