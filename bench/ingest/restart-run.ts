import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { openTenantStores } from '../../packages/analyzer/src/store/tenant-stores.ts'
import { LIMITS_FOR_BENCH } from './bench-limits.ts'
import { Fleet, INTERVAL_MS } from './generator.ts'
import { cpuSeconds } from './process-usage.ts'
import { seeded } from './seeded.ts'
import { runDirectory, serveCommand } from './targets.ts'

/** What a restart came to. */
export interface RestartRun {
  readonly logBytes: number
  readonly points: number
  /** From the start of the process until it answers that it is ready. */
  readonly wallSeconds: number
  readonly cpuSeconds: number
}

/** Fills a log of at least so many bytes, and starts `chokepoint serve` on it. */
export async function measureRestart(
  resources: number,
  resourcesPerRequest: number,
  logBytes: number,
): Promise<RestartRun> {
  const directory = runDirectory()
  try {
    const filled = await fillLog(`${directory}/data`, resources, resourcesPerRequest, logBytes)
    return { ...filled, ...(await startAndWait(directory)) }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function fillLog(
  dataDir: string,
  resources: number,
  resourcesPerRequest: number,
  logBytes: number,
): Promise<Pick<RestartRun, 'logBytes' | 'points'>> {
  const stores = await openTenantStores({
    ...{ dataDir, limits: LIMITS_FOR_BENCH, log: console.error },
    ...{ retentionMs: 2 * 3_600_000, fsync: 'never', clock: 'wall', wallClock: Date.now },
  })
  const startMs = Date.now()
  const fleet = new Fleet(resources, resourcesPerRequest, startMs, seeded(1))
  const perRound = fleet.bodies.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const rounds = Math.ceil(logBytes / perRound)
  for (let round = 0; round < rounds; round++) {
    for (const body of fleet.bodies) {
      fleet.advance(body, startMs - (rounds - round) * INTERVAL_MS)
      await stores.ingest('anonymous', body.bytes, 'protobuf')
    }
  }
  const { log, acceptedPoints } = stores.stats()
  await stores.close()
  return { logBytes: log?.bytes ?? 0, points: acceptedPoints }
}

async function startAndWait(
  directory: string,
): Promise<Pick<RestartRun, 'wallSeconds' | 'cpuSeconds'>> {
  const started = performance.now()
  const [command = '', ...args] = serveCommand(0, directory)
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  try {
    let told = ''
    child.stderr.setEncoding('utf8')
    for await (const text of child.stderr) {
      told += text
      const url = /API (http:\S+),/.exec(told)?.[1]
      if (url === undefined) continue
      const { ok } = await fetch(`${url}/-/ready`)
      if (!ok) throw new Error(`${url} is not ready`)
      const wallSeconds = (performance.now() - started) / 1000
      return { wallSeconds, cpuSeconds: cpuSeconds(child.pid!) }
    }
    throw new Error(`the analyzer ended: ${told}`)
  } finally {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
}
