import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { ALLOCATION, NODE_FLAGS } from '../../packages/cli/src/lean-process.ts'
import { type Body, Fleet, HEALTHY, POINTS_PER_RESOURCE } from './generator.ts'
import { post } from './http-run.ts'
import type { LoopReport } from './loop-child.ts'
import { seeded } from './seeded.ts'
import { runDirectory } from './targets.ts'

/** What the analyzer's event loop did under a steady load. */
export interface LoopRun {
  readonly pointsPerRequest: number
  readonly bytesPerRequest: number
  /** What was acknowledged, once every series was known. */
  readonly pointsPerSecond: number
  /** While every series is new. */
  readonly first: LoopReport
  /** After that. */
  readonly steady: LoopReport
}

/** Receive, decode and store with their log, or all of the analyzer with its rules and detectors. */
export type LoopExtent = 'store' | 'whole'

const CHILD = new URL('./loop-child.ts', import.meta.url).pathname
const CONNECTIONS = 32
/** Services of a body report within so many milliseconds: its next report must not begin earlier. */
const SPREAD_MS = 20

/**
 * Sends a fleet's reports at a steady rate for a time, and asks the analyzer how long its loop was blocked. `areApart` leaves
 * it one core, on which V8's own threads run too.
 */
export async function measureLoop(
  extent: LoopExtent,
  resources: number,
  resourcesPerRequest: number,
  pointsPerSecond: number,
  seconds: number,
  areApart: boolean,
): Promise<LoopRun> {
  const directory = runDirectory()
  const fleet = new Fleet(resources, resourcesPerRequest, Date.now(), seeded(1), HEALTHY)
  const apart = areApart && process.platform === 'linux' && availableParallelism() > 1
  if (apart) pin(process.pid, 1)
  // What `serve` gives itself; flags that the bench was started with (`--trace-gc`) are the analyzer's, too.
  const flags = [...process.execArgv, ...NODE_FLAGS]
  const child = fork(CHILD, [directory, extent], {
    ...(apart
      ? { execPath: 'taskset', execArgv: ['--cpu-list', '0', process.execPath, ...flags] }
      : { execArgv: flags }),
    env: { ...process.env, ...ALLOCATION },
  })
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const ask = async (): Promise<LoopReport> => {
    const answer = once(child, 'message')
    child.send('report')
    return ((await answer) as [LoopReport])[0]
  }
  try {
    const [{ otlpHttp }] = (await once(child, 'message')) as [{ otlpHttp: number }]
    const sender = new Sender(fleet, 1000 / pointsPerSecond, (body) =>
      post(body.bytes, otlpHttp, '/v1/metrics', agent),
    )
    await ask()
    await sender.send(1)
    const first = await ask()
    const perRound = resources * POINTS_PER_RESOURCE
    const rounds = Math.ceil((pointsPerSecond * seconds) / perRound)
    const began = performance.now()
    await sender.send(rounds)
    const took = (performance.now() - began) / 1000
    return {
      pointsPerRequest: resourcesPerRequest * POINTS_PER_RESOURCE,
      bytesPerRequest: fleet.bodies[0]!.bytes.length,
      pointsPerSecond: (perRound * rounds) / took,
      first,
      steady: await ask(),
    }
  } finally {
    agent.destroy()
    child.disconnect()
    await once(child, 'exit')
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Sends each body when it is due, whatever became of the others: a slow answer does not make the load less. */
class Sender {
  readonly #fleet: Fleet
  readonly #msAPoint: number
  readonly #post: (body: Body) => Promise<void>
  /** By body, its last request: the next report is put into the same bytes. */
  readonly #answers = new Map<Body, Promise<void>>()
  readonly #sentMs = new Map<Body, number>()

  constructor(fleet: Fleet, msAPoint: number, send: (body: Body) => Promise<void>) {
    this.#fleet = fleet
    this.#msAPoint = msAPoint
    this.#post = send
  }

  /** Resolves when all reports are acknowledged; they bear the time at which they are sent. */
  async send(rounds: number): Promise<void> {
    let dueMs = performance.now()
    for (let round = 0; round < rounds; round++) {
      for (const body of this.#fleet.bodies) {
        await untilDue(dueMs)
        await this.#answers.get(body)
        const timeMs = Math.max(Date.now(), (this.#sentMs.get(body) ?? 0) + SPREAD_MS)
        this.#sentMs.set(body, timeMs)
        this.#fleet.advance(body, timeMs)
        const answer = this.#post(body)
        // It is told where it is awaited.
        answer.catch(() => {})
        this.#answers.set(body, answer)
        dueMs += (body.numbers.length + body.histograms.length) * this.#msAPoint
      }
    }
    await Promise.all(this.#answers.values())
    await untilDue(dueMs)
  }
}

/** Timers are whole milliseconds, requests come more often: what is due already goes out at once. */
async function untilDue(dueMs: number): Promise<void> {
  const waitMs = dueMs - performance.now()
  if (waitMs > 0) await sleep(waitMs)
}

function pin(pid: number, core: number): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)], {
    stdio: 'ignore',
  })
}
