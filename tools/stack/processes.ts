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

/** Waits until the condition gives something; its last error, or what it lacked, is in the message. */
export async function until<Value>(
  what: string,
  condition: () => Promise<Value | undefined>,
  seconds = 60,
): Promise<Value> {
  const endMs = performance.now() + seconds * 1000
  let last: unknown = 'it was never true'
  while (performance.now() < endMs) {
    try {
      const value = await condition()
      if (value !== undefined) return value
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  throw new Error(`waited ${seconds} s for ${what}: ${String(last)}`)
}
