import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What a load of some seconds came to. */
export interface Load {
  readonly requests: number
  readonly perSecond: number
}

/** Loads one route with `wrk` from another core, as fast as it can. Fails when an answer was no 200. */
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
    `http://127.0.0.1:${port}${route}`,
  ])
  if (/Non-2xx|Socket errors/.test(stdout)) {
    throw new Error(`cannot measure ${route}: not every request was answered by 200:\n${stdout}`)
  }
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1])
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1])
  if (!(requests > 0)) throw new Error(`cannot read wrk's answer:\n${stdout}`)
  return { requests, perSecond }
}

/** What requests at a fixed rate took, from the moment when they were due. */
export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
}

/** A fixed rate, from another core than the service's. What is due in the warm seconds does not count. */
export interface FixedRate {
  readonly ratePerSecond: number
  readonly warmSeconds: number
  readonly seconds: number
  readonly core: number
}

/** Builds the client that offers a fixed rate into a folder, once. Gives the program. */
export function buildRateClient(folder: string): string {
  const source = join(import.meta.dirname, 'programs', 'fixed-rate.c')
  const program = join(folder, 'fixed-rate')
  execFileSync('cc', ['-O2', '-o', program, source], { stdio: 'inherit' })
  return program
}

/** Loads one route at a fixed rate. Fails when an answer was no 200. */
export async function loadAtRate(
  program: string,
  { port, route }: { port: number; route: string },
  { ratePerSecond, warmSeconds, seconds, core }: FixedRate,
): Promise<Latency> {
  const what = [port, route, ratePerSecond, warmSeconds, seconds].map(String)
  const { stdout } = await run('taskset', ['-c', String(core), program, ...what])
  return JSON.parse(stdout) as Latency
}
