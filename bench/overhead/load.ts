import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What a load of some seconds came to. */
export interface Load {
  readonly requests: number
  readonly perSecond: number
  readonly p99Ms: number
}

const UNIT_MS = { us: 0.001, ms: 1, s: 1000 } as const

/** Loads one route with `wrk` from another core. Fails when an answer was no 200. */
export async function load(
  port: number,
  route: string,
  seconds: number,
  core: number,
): Promise<Load> {
  const { stdout } = await run('taskset', [
    '-c',
    String(core),
    'wrk',
    '-t1',
    '-c16',
    `-d${seconds}s`,
    '--latency',
    `http://127.0.0.1:${port}${route}`,
  ])
  if (/Non-2xx|Socket errors/.test(stdout)) {
    throw new Error(`cannot measure ${route}: not every request was answered by 200:\n${stdout}`)
  }
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1])
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1])
  const [, p99, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? []
  if (!(requests > 0) || unit === undefined) throw new Error(`cannot read wrk's answer:\n${stdout}`)
  return { requests, perSecond, p99Ms: Number(p99) * UNIT_MS[unit as keyof typeof UNIT_MS] }
}
