import { setTimeout as delay } from 'node:timers/promises'

const TICK_MS = 20
/** Every kind of request, and unknown paths without end. */
const PATHS = ['/plain', '/plain', '/call', '/db', '/work', '/unknown/']

/** A low and fixed load on one service, which can rest for a look at it. */
export class OfferedLoad {
  requests = 0
  scrapes = 0
  /** How often a request or a scrape failed, by what and why. */
  readonly failures = new Map<string, number>()
  readonly #origin: string
  readonly #metricsUrl: string | undefined
  readonly #ratePerSecond: number
  readonly #startedMs = performance.now()
  readonly #timers: NodeJS.Timeout[]
  #skipped = 0
  #underWay = 0
  #resting = false

  /** @param metricsUrl is scraped each second, where there is something to scrape */
  constructor(origin: string, ratePerSecond: number, metricsUrl: string | undefined) {
    this.#origin = origin
    this.#ratePerSecond = ratePerSecond
    this.#metricsUrl = metricsUrl
    this.#timers = [
      setInterval(() => this.#offer(), TICK_MS),
      setInterval(() => this.#scrape(), 1000),
    ]
  }

  /** Until all is answered: what is under way is in the heap, and must not look like a failure at the end either. */
  async rest(): Promise<void> {
    this.#resting = true
    while (this.#underWay > 0) await delay(TICK_MS)
  }

  goOn(): void {
    this.#resting = false
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.rest()
  }

  /** One tick's share of the load, some of it with the header of a caller who traces. */
  #offer(): void {
    const all = Math.floor(((performance.now() - this.#startedMs) / 1000) * this.#ratePerSecond)
    const due = all - this.requests - this.#skipped
    if (this.#resting) {
      this.#skipped += due
      return
    }
    for (let index = 0; index < due; index++) {
      const number = this.requests++
      const path = PATHS[number % PATHS.length]!
      const trace = number.toString(16).padStart(32, '1')
      const headers =
        number % 10 === 0 ? { traceparent: `00-${trace}-00f067aa0ba902b7-01` } : undefined
      const isUnknown = path.startsWith('/unknown/')
      const url = `${this.#origin}${path}${isUnknown ? number : ''}`
      this.#ask(path, fetch(url, headers === undefined ? {} : { headers }), isUnknown ? 404 : 200)
    }
  }

  #scrape(): void {
    if (this.#resting || this.#metricsUrl === undefined) return
    this.scrapes++
    this.#ask('scrape', fetch(this.#metricsUrl), 200)
  }

  #ask(what: string, answer: Promise<Response>, expected: number): void {
    this.#underWay++
    answer
      .then(async (response) => {
        await response.arrayBuffer()
        if (response.status !== expected) this.#noteFailure(`${what}: status ${response.status}`)
      })
      .catch((error) => this.#noteFailure(`${what}: ${causeOf(error)}`))
      .finally(() => this.#underWay--)
  }

  #noteFailure(what: string): void {
    this.failures.set(what, (this.failures.get(what) ?? 0) + 1)
    process.stderr.write(`failed ${what}\n`)
  }
}

/** `fetch` hides why it failed in the cause of its error. */
function causeOf(error: unknown): string {
  const { message, cause } = error as {
    message?: string
    cause?: { code?: string; message?: string }
  }
  return [message, cause?.code, cause?.message].filter((part) => part !== undefined).join(', ')
}
