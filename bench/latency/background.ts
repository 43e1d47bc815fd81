import { Fleet, POINTS_PER_RESOURCE } from '../ingest/generator.ts'
import { seeded } from '../ingest/seeded.ts'

const RESOURCES_PER_REQUEST = 13
const PERIOD_MS = 1000

/**
 * The fleet works as it should: 0.2 % of its requests and queries fail, far under the default thresholds,
 * and a core in ten is busy. Of a fleet that fails everywhere nobody waits for one more alert.
 */
const HEALTHY = { failing: 0.002, busy: 0.05 }

/** Sends a fleet's reports once a second, spread evenly over it. */
export class BackgroundLoad {
  readonly #url: string
  readonly #fleet: Fleet
  readonly #pending = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #next = 0
  #startedMs = 0
  #sent = 0
  #failure: unknown

  constructor(url: string, pointsPerSecond: number) {
    const resources = Math.max(1, Math.round(pointsPerSecond / POINTS_PER_RESOURCE))
    this.#url = url
    this.#fleet = new Fleet(resources, RESOURCES_PER_REQUEST, Date.now(), seeded(3), HEALTHY)
  }

  start(): void {
    this.#startedMs = performance.now()
    this.#timer = setInterval(() => this.#send(), PERIOD_MS / this.#fleet.bodies.length)
  }

  /** Points that were acknowledged a second; throws when a request was refused. */
  pointsPerSecond(): number {
    if (this.#failure !== undefined) throw this.#failure
    return this.#sent / ((performance.now() - this.#startedMs) / 1000)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#pending)
  }

  #send(): void {
    const body = this.#fleet.bodies[this.#next++ % this.#fleet.bodies.length]!
    this.#fleet.advance(body, Date.now() - 30)
    const points = body.numbers.length + body.histograms.length
    const sending = post(this.#url, body.bytes, 'application/x-protobuf')
      .then(() => {
        this.#sent += points
      })
      .catch((error: unknown) => {
        this.#failure ??= error
      })
      .finally(() => this.#pending.delete(sending))
    this.#pending.add(sending)
  }
}

/** Sends one OTLP request; rejects when it is not taken as a whole. */
export async function post(url: string, body: Uint8Array | string, type: string): Promise<void> {
  const own = typeof body === 'string' ? body : new Uint8Array(body)
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': type },
    body: own,
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${text.slice(0, 300)}`)
}
