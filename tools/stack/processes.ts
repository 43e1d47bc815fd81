import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** A program of the stack that runs, with what it has said so far. */
export interface Running {
  readonly child: ChildProcess
  readonly output: () => string
  /** SIGTERM, then SIGKILL after five seconds. */
  readonly stop: () => Promise<void>
}

const OUTPUT_MAX = 200_000
const STOP_MS = 5000

/** Starts a program; nothing of it outlives this process. */
export function start(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Running {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_MAX)
    })
  }
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  return {
    child,
    output: () => output,
    stop: async () => {
      process.off('exit', kill)
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      const patience = setTimeout(kill, STOP_MS)
      await gone
      clearTimeout(patience)
    },
  }
}
