import type { ScheduleFunc } from './webhook-options.ts'

// An endpoint that is slow holds back its own messages, not those of the others.
const IN_FLIGHT_MAX = 4

/** Sends the message of an id; settles when the attempt is over, and never rejects. */
export type AttemptFunc = (id: string) => Promise<void>

/**
 * One line of messages for each endpoint: those that are due, oldest first, with a few on their way at a
 * time; those that are not due yet wait beside it.
 */
export class SendLines {
  readonly #attempt: AttemptFunc
  readonly #schedule: ScheduleFunc
  readonly #due = new Map<string, string[]>()
  readonly #busy = new Map<string, number>()
  readonly #inFlight = new Map<string, Promise<void>>()
  readonly #timers = new Map<string, () => void>()
  readonly #wakers = new Set<() => void>()
  #closed = false

  constructor(attempt: AttemptFunc, schedule: ScheduleFunc = scheduleByTimer) {
    this.#attempt = attempt
    this.#schedule = schedule
  }

  /** Lets a message wait, then puts it in the line of its endpoint. */
  add(endpoint: string, id: string, delayMs: number): void {
    if (this.#closed) return
    if (delayMs > 0) {
      const cancel = this.#schedule(delayMs, () => {
        this.#timers.delete(id)
        this.add(endpoint, id, 0)
      })
      this.#timers.set(id, cancel)
      return
    }
    const line = this.#due.get(endpoint) ?? []
    line.push(id)
    this.#due.set(endpoint, line)
    this.#pump(endpoint)
  }

  /** Sends a message at once, before all others; resolves when the attempt is over. */
  async sendNow(endpoint: string, id: string): Promise<void> {
    this.#timers.get(id)?.()
    this.#timers.delete(id)
    await (this.#inFlight.get(id) ?? this.#start(endpoint, id))
  }

  /** Resolves when nothing is due or on its way; false when that takes longer than `timeoutMs`. */
  async flush(timeoutMs: number): Promise<boolean> {
    if (this.#isIdle()) return true
    return new Promise((fulfil) => {
      const finish = (idle: boolean) => {
        clearTimeout(timer)
        this.#wakers.delete(wake)
        fulfil(idle)
      }
      const wake = () => finish(true)
      const timer = setTimeout(() => finish(false), timeoutMs)
      this.#wakers.add(wake)
    })
  }

  /** Forgets what waits; resolves when what is on its way has ended. */
  async close(): Promise<void> {
    this.#closed = true
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
    this.#due.clear()
    await Promise.all(this.#inFlight.values())
  }

  #pump(endpoint: string): void {
    const line = this.#due.get(endpoint) ?? []
    while (line.length > 0 && (this.#busy.get(endpoint) ?? 0) < IN_FLIGHT_MAX) {
      const id = line.shift() as string
      if (!this.#inFlight.has(id)) void this.#start(endpoint, id)
    }
  }

  #start(endpoint: string, id: string): Promise<void> {
    this.#busy.set(endpoint, (this.#busy.get(endpoint) ?? 0) + 1)
    const attempt = this.#attempt(id).finally(() => {
      this.#inFlight.delete(id)
      this.#busy.set(endpoint, (this.#busy.get(endpoint) ?? 1) - 1)
      this.#pump(endpoint)
      if (this.#isIdle()) for (const wake of [...this.#wakers]) wake()
    })
    this.#inFlight.set(id, attempt)
    return attempt
  }

  #isIdle(): boolean {
    return this.#inFlight.size === 0 && [...this.#due.values()].every((line) => line.length === 0)
  }
}

function scheduleByTimer(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs)
  // A message that waits for its next attempt is in the file; it must not keep the process alive.
  timer.unref()
  return () => clearTimeout(timer)
}
