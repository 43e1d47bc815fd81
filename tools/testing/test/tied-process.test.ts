import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { expect } from 'chai'
import { until } from '../until.ts'

const STARTER = `
import { spawnTied } from ${JSON.stringify(new URL('../tied-process.ts', import.meta.url).href)}
const detached = process.env.GROUP !== undefined
// The script's own child is what must not be left over.
const child = detached
  ? spawnTied('sh', ['-c', 'sleep 1000 & echo $!; wait'], { detached, stdio: ['ignore', 'pipe', 'ignore'] })
  : spawnTied(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log(process.pid)'], { stdio: ['ignore', 'pipe', 'ignore'] })
const waiting = setInterval(() => {}, 1000)
child.stdout.once('data', (line) => {
  console.log(String(line).trim())
  // Then nothing but the child is left, which keeps nobody alive.
  if (process.env.STAYS === undefined) clearInterval(waiting)
})
`

describe('a tied process', () => {
  async function start(environment: NodeJS.ProcessEnv): Promise<[ChildProcess, number]> {
    const starter = spawn(process.execPath, ['--input-type=module', '-e', STARTER], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(starter.stdout!, 'data')) as [Buffer]
    return [starter, Number(line)]
  }

  async function gone(pid: number): Promise<void> {
    await until(`the end of ${pid}`, () => {
      try {
        process.kill(pid, 0)
        return false
      } catch {
        return true
      }
    })
  }

  it('ends with the one that started it', async () => {
    const [starter, pid] = await start({})
    await once(starter, 'exit')
    await gone(pid)
  })

  it('ends with all of its group', async () => {
    const [starter, pid] = await start({ GROUP: 'true', STAYS: 'true' })
    starter.kill('SIGTERM')
    await gone(pid)
  })

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`ends when the one that started it is ended by ${signal}`, async function () {
      // Nobody is told of a SIGKILL; that needs the kernel's help.
      if (signal === 'SIGKILL' && !existsSync('/usr/bin/setpriv')) return this.skip()
      const [starter, pid] = await start({ STAYS: 'true' })
      expect(process.kill(pid, 0)).to.equal(true)
      starter.kill(signal)
      await gone(pid)
    })
  }
})
