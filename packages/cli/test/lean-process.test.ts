import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { NODE_FLAGS } from '../src/lean-process.ts'

const LEAN = new URL('../src/lean-process.ts', import.meta.url).href

/** What a process is after it called `becomeLean`. */
interface Seen {
  readonly pid: number
  readonly flags: readonly string[]
  readonly args: readonly string[]
  readonly arenas: string | null
}

describe('becoming a lean process', () => {
  let folder: string
  let file: string

  before(function () {
    if (typeof process.execve !== 'function') this.skip()
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-lean-'))
    file = join(folder, 'program.mjs')
    writeFileSync(
      file,
      `import { becomeLean } from ${JSON.stringify(LEAN)}
becomeLean()
const seen = { pid: process.pid, flags: process.execArgv, args: process.argv.slice(2), arenas: process.env.MALLOC_ARENA_MAX ?? null }
if (process.send) process.send(seen)
else console.log(JSON.stringify(seen))
`,
    )
  })

  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true })
  })

  async function run(
    nodeOptions: string,
    env: NodeJS.ProcessEnv = {},
  ): Promise<Seen & { own: number }> {
    const child = execFile(
      process.execPath,
      [...nodeOptions.split(' ').filter(Boolean), file, 'serve', '--x y'],
      {
        env: { ...process.env, NODE_OPTIONS: '', ...env },
      },
    )
    let text = ''
    child.stdout?.on('data', (part: string) => {
      text += part
    })
    let problems = ''
    child.stderr?.on('data', (part: string) => {
      problems += part
    })
    await once(child, 'close')
    expect(problems).to.equal('')
    return { ...(JSON.parse(text) as Seen), own: child.pid! }
  }

  it('keeps its id, its arguments and its flags', async () => {
    const seen = await run('--stack-trace-limit=7')
    expect(seen.pid).to.equal(seen.own)
    expect(seen.flags).to.deep.equal([...NODE_FLAGS, '--stack-trace-limit=7'])
    expect(seen.args).to.deep.equal(['serve', '--x y'])
    expect(seen.arenas).to.equal('8')
  })

  it('leaves memory alone where somebody decided about it', async () => {
    expect((await run('--max-semi-space-size=16')).flags).to.deep.equal([
      '--max-semi-space-size=16',
    ])
    expect((await run('', { NODE_OPTIONS: '--max-semi-space-size=8' })).flags).to.deep.equal([])
    expect((await run('', { MALLOC_ARENA_MAX: '3' })).arenas).to.equal('3')
  })

  it('stays what it is for a parent that talks to it', async () => {
    const child = fork(file, { execArgv: [] })
    const [seen] = (await once(child, 'message')) as [Seen]
    expect(seen.flags).to.deep.equal([])
    child.disconnect()
    await once(child, 'exit')
  })
})
