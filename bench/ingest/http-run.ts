import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { freePort } from '../../tools/testing/free-port.ts'
import type { Fleet } from './generator.ts'
import { INTERVAL_MS } from './generator.ts'
import { anonymousBytes, cpuSeconds, peakBytes } from './process-usage.ts'
import { runDirectory, type Target } from './targets.ts'

/** What one run of one target came to. */
export interface HttpRun {
  readonly pointsPerCpuSecond: number
  readonly pointsPerSecond: number
  readonly bytesGrown: number
  /** The most that the process had, from its start. */
  readonly peakBytes: number
}

const CONNECTIONS = 2

/** A target that serves. */
export interface Serving {
  readonly pid: number
  readonly send: (fleet: Fleet) => Promise<void>
}

/** Starts a target afresh, with a folder of its own, and ends it when `use` is over. */
export async function withTarget<Result>(
  target: Target,
  use: (serving: Serving) => Promise<Result>,
): Promise<Result> {
  const directory = runDirectory()
  const port = await freePort()
  const [command = '', ...args] = target.command(port, directory)
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, GOMAXPROCS: '1', ...target.env },
  })
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  try {
    await untilListening(port, child)
    const send = (fleet: Fleet) => sendAll(fleet, port, target.path, agent)
    return await use({ pid: child.pid!, send })
  } finally {
    agent.destroy()
    child.kill('SIGKILL')
    if (child.exitCode === null) await once(child, 'exit')
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Sends a target `rounds` reports of a fleet that end now, and measures it from outside. */
export function runOverHttp(
  target: Target,
  makeFleet: (startMs: number) => Fleet,
  rounds: number,
  pointsPerRound: number,
): Promise<HttpRun> {
  return withTarget(target, async ({ pid, send }) => {
    const cpuBefore = cpuSeconds(pid)
    const bytesBefore = anonymousBytes(pid)
    const startMs = Date.now() - rounds * INTERVAL_MS
    const fleet = makeFleet(startMs)
    let waited = 0
    for (let round = 0; round < rounds; round++) {
      fleet.advanceAll(startMs + round * INTERVAL_MS)
      const started = performance.now()
      await send(fleet)
      waited += performance.now() - started
    }
    const points = pointsPerRound * rounds
    return {
      pointsPerCpuSecond: points / (cpuSeconds(pid) - cpuBefore),
      pointsPerSecond: points / (waited / 1000),
      bytesGrown: anonymousBytes(pid) - bytesBefore,
      peakBytes: peakBytes(pid),
    }
  })
}

async function sendAll(fleet: Fleet, port: number, path: string, agent: Agent): Promise<void> {
  const waiting = [...fleet.bodies]
  const lane = async () => {
    for (let body = waiting.pop(); body !== undefined; body = waiting.pop()) {
      await post(body.bytes, port, path, agent)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, lane))
}

/** Posts one request; rejects unless all of it was taken. */
export function post(bytes: Buffer, port: number, path: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-protobuf', 'content-length': bytes.length }
    const sent = request(
      { host: '127.0.0.1', port, path, method: 'POST', headers, agent },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk: string) => {
          text += chunk
        })
        answer.on('end', () => {
          // A partial success has a body: a target that rejects points is not measured by what it threw away.
          if (answer.statusCode === 200 && text.trim().length < 8) resolve()
          else reject(new Error(`status ${answer.statusCode}: ${text.slice(0, 300)}`))
        })
      },
    )
    sent.on('error', reject)
    sent.end(bytes)
  })
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    if (child.exitCode !== null)
      throw new Error(`the target ended with exit code ${child.exitCode}`)
    const answered = await fetch(`http://127.0.0.1:${port}/-/ready`).then(
      ({ status }) => status !== 503,
      () => false,
    )
    if (answered) return
    if (Date.now() > deadline) throw new Error(`nothing listens on port ${port} after 60 s`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
