import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

const TICK_MS = 20
/** Every kind of request, and unknown paths without end. */
const PATHS = ['/plain', '/plain', '/call', '/db', '/work', '/unknown/']

/**
 * Connections that are kept, and used in turn. A client that opens as many as it likes opens more while the machine is
 * busy with others: each lies in the service's heap, and a megabyte came and went with them.
 */
const CONNECTIONS = 4

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
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, scheduling: 'fifo' })
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
    this.#agent.destroy()
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
      const headers: Record<string, string> =
        number % 10 === 0 ? { traceparent: `00-${trace}-00f067aa0ba902b7-01` } : {}
      const isUnknown = path.startsWith('/unknown/')
      const url = `${this.#origin}${path}${isUnknown ? number : ''}`
      this.#ask(path, url, headers, isUnknown ? 404 : 200)
    }
  }

  #scrape(): void {
    if (this.#resting || this.#metricsUrl === undefined) return
    this.scrapes++
    this.#ask('scrape', this.#metricsUrl, {}, 200)
  }

  #ask(what: string, url: string, headers: Record<string, string>, expected: number): void {
    this.#underWay++
    const asked = request(url, { agent: this.#agent, headers }, (response: IncomingMessage) => {
      response.resume()
      if (response.statusCode !== expected) {
        this.#noteFailure(`${what}: status ${response.statusCode}`)
      }
    })
    asked.on('error', (error) => this.#noteFailure(`${what}: ${error.message}`))
    asked.on('close', () => this.#underWay--)
    asked.end()
  }

  #noteFailure(what: string): void {
    this.failures.set(what, (this.failures.get(what) ?? 0) + 1)
    process.stderr.write(`failed ${what}\n`)
  }
}
