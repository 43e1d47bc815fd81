import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { StoredDelivery } from './stored-delivery.ts'

/** What a delivery store holds after a restart. */
export interface StoredState {
  readonly deliveries: readonly StoredDelivery[]
  /** Endpoints that answered 410, with the hash of their address: a new address starts afresh. */
  readonly disabled: Readonly<Record<string, string>>
}

type StoredLine =
  | { readonly delivery: StoredDelivery }
  | { readonly disabled: Readonly<Record<string, string>> }

// The file is rewritten when it is this much longer than what is alive in it.
const GARBAGE_BYTES_MAX = 4 * 1024 * 1024

/**
 * Keeps deliveries in a file of JSON lines, the newest line of an id in force. A line is written before a
 * message is sent, so that a process that is killed sends it again rather than not at all.
 */
export class DeliveryStore {
  readonly #file: string
  readonly #onProblem: (message: string) => void
  #descriptor: number | undefined
  #garbageBytes = 0

  constructor(file: string, onProblem: (message: string) => void) {
    this.#file = file
    this.#onProblem = onProblem
  }

  /** Reads the file; a last line that was cut off by a crash is left out. */
  open(): StoredState {
    const deliveries = new Map<string, StoredDelivery>()
    let disabled: Readonly<Record<string, string>> = {}
    this.#try('read', () => {
      mkdirSync(dirname(this.#file), { recursive: true })
      const text = existsSync(this.#file) ? readFileSync(this.#file, 'utf8') : ''
      for (const line of text.split('\n')) {
        const stored = parseLine(line)
        if (stored === undefined) continue
        if ('disabled' in stored) disabled = stored.disabled
        else deliveries.set(stored.delivery.id, stored.delivery)
      }
    })
    const state = { deliveries: [...deliveries.values()], disabled }
    this.rewrite(state)
    return state
  }

  put(delivery: StoredDelivery): void {
    this.#append({ delivery })
  }

  putDisabled(disabled: Readonly<Record<string, string>>): void {
    this.#append({ disabled })
  }

  /** True when the file holds so many lines without force that it is time to `rewrite` it. */
  get wantsRewrite(): boolean {
    return this.#garbageBytes > GARBAGE_BYTES_MAX
  }

  /** Writes the whole state anew, beside the old file and then in its place. */
  rewrite({ deliveries, disabled }: StoredState): void {
    this.close()
    const lines: StoredLine[] = [...deliveries.map((delivery) => ({ delivery })), { disabled }]
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    const aside = `${this.#file}.new`
    this.#try('write', () => {
      // Bodies may name what a business does not tell everyone.
      writeFileSync(aside, text, { mode: 0o600 })
      renameSync(aside, this.#file)
      this.#descriptor = openSync(this.#file, 'a', 0o600)
    })
    this.#garbageBytes = 0
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  #append(line: StoredLine): void {
    if (this.#descriptor === undefined) return
    const descriptor = this.#descriptor
    const text = `${JSON.stringify(line)}\n`
    this.#try('write', () => writeSync(descriptor, text))
    this.#garbageBytes += text.length
  }

  /** A disk that is full must not keep a message from being sent. */
  #try(what: string, attempt: () => void): void {
    try {
      attempt()
    } catch (error) {
      this.#onProblem(`cannot ${what} the webhook log ${this.#file}: ${(error as Error).message}`)
    }
  }
}

function parseLine(line: string): StoredLine | undefined {
  if (line === '') return undefined
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' &&
      value !== null &&
      ('delivery' in value || 'disabled' in value)
      ? (value as StoredLine)
      : undefined
  } catch {
    // Only the last line can be half written; the message it was about is sent by its earlier line.
    return undefined
  }
}
