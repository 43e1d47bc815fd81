const STEP_BYTES = 64 * 1024
const KEPT_MAX = 4
/** Two of the largest bodies: above this the oldest go. */
const KEPT_BYTES_MAX = 32 * 1024 * 1024
/** Those that nobody asked for during this time are let go. */
const IDLE_MS = 30_000

/**
 * Buffers that bodies are read into, used again: the collector takes back what lies outside of its heap late, and a
 * server that takes 100 MB a second would hold tens of megabytes of bodies that nobody needs any more. They also
 * make it collect: a body of 15 MB a second, each in a buffer of its own, costs a whole collection a second.
 */
export class BodyBuffers {
  readonly #kept: Buffer[] = []
  #idle: NodeJS.Timeout | undefined

  /** A buffer of at least so many bytes, with anything in it. */
  take(bytes: number): Buffer {
    const at = this.#kept.findIndex(
      ({ length }) => length >= bytes && length <= Math.max(STEP_BYTES, bytes * 4),
    )
    if (at !== -1) return this.#kept.splice(at, 1)[0]!
    return Buffer.allocUnsafeSlow(Math.ceil(bytes / STEP_BYTES) * STEP_BYTES)
  }

  /** Gives a buffer back. Nothing may look into it any more. */
  give(buffer: Buffer): void {
    // The one that was given back last is the likeliest to be in the processor's cache.
    this.#kept.unshift(buffer)
    while (this.#kept.length > KEPT_MAX || this.keptBytes > KEPT_BYTES_MAX) this.#kept.pop()
    this.#idle ??= setTimeout(() => this.#letGo(), IDLE_MS).unref()
    this.#idle.refresh()
  }

  /** Bytes of buffers that wait to be used again. */
  get keptBytes(): number {
    return this.#kept.reduce((sum, { length }) => sum + length, 0)
  }

  #letGo(): void {
    this.#idle = undefined
    this.#kept.length = 0
  }
}
