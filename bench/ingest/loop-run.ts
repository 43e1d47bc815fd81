import { fork } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fleet, INTERVAL_MS, POINTS_PER_RESOURCE } from './generator.ts'
import { post } from './http-run.ts'
import type { LoopReport } from './loop-child.ts'
import { seeded } from './seeded.ts'
import { runDirectory } from './targets.ts'

/** What the analyzer's event loop did under a steady load. */
export interface LoopRun {
  readonly pointsPerRequest: number
  readonly bytesPerRequest: number
  readonly pointsPerSecond: number
  /** While every series is new. */
  readonly first: LoopReport
  /** After that. */
  readonly steady: LoopReport
}

/** Receive, decode and store with their log, or all of the analyzer with its rules and detectors. */
export type LoopExtent = 'store' | 'whole'

const CHILD = new URL('./loop-child.ts', import.meta.url).pathname
const CONNECTIONS = 8
/** A fleet that works: one in which every call fails raises thousands of alerts, and is another question. */
const HEALTHY = { failing: 0.002, busy: 0.05 }
const HOUR_MS = 3_600_000

/** Sends a fleet's reports at a steady rate for a time, and asks the analyzer how long its loop was blocked. */
export async function measureLoop(
  extent: LoopExtent,
  resources: number,
  resourcesPerRequest: number,
  pointsPerSecond: number,
  seconds: number,
): Promise<LoopRun> {
  const directory = runDirectory()
  const child = fork(CHILD, [directory, extent], {
    execArgv: ['--conditions=chokepoint-source', '--max-semi-space-size=8'],
    env: { ...process.env, MALLOC_ARENA_MAX: '1' },
  })
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const ask = async (): Promise<LoopReport> => {
    const answer = once(child, 'message')
    child.send('report')
    return ((await answer) as [LoopReport])[0]
  }
  try {
    const [{ otlpHttp }] = (await once(child, 'message')) as [{ otlpHttp: number }]
    const perRound = resources * POINTS_PER_RESOURCE
    const rounds = 1 + Math.ceil((pointsPerSecond * seconds) / perRound)
    // Small fleets report more often, or the first reports would be older than the retention.
    const stepMs = Math.min(INTERVAL_MS, Math.floor(HOUR_MS / rounds))
    const startMs = Date.now() - rounds * stepMs
    const fleet = new Fleet(resources, resourcesPerRequest, startMs, seeded(1), HEALTHY)
    const send = async (round: number) => {
      const pauseMs = (resourcesPerRequest * POINTS_PER_RESOURCE * 1000) / pointsPerSecond
      const began = performance.now()
      const answers: Promise<void>[] = []
      for (const [i, body] of fleet.bodies.entries()) {
        await untilDue(began + i * pauseMs)
        fleet.advance(body, startMs + round * stepMs)
        answers.push(post(body.bytes, otlpHttp, '/v1/metrics', agent))
      }
      await untilDue(began + fleet.bodies.length * pauseMs)
      await Promise.all(answers)
    }
    await ask()
    await send(0)
    const first = await ask()
    const began = performance.now()
    for (let round = 1; round < rounds; round++) await send(round)
    const took = (performance.now() - began) / 1000
    return {
      pointsPerRequest: resourcesPerRequest * POINTS_PER_RESOURCE,
      bytesPerRequest: fleet.bodies[0]!.bytes.length,
      pointsPerSecond: (perRound * (rounds - 1)) / took,
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

/** Timers are whole milliseconds, requests come more often: what is due already goes out at once. */
async function untilDue(dueMs: number): Promise<void> {
  const waitMs = dueMs - performance.now()
  if (waitMs > 0) await sleep(waitMs)
}
