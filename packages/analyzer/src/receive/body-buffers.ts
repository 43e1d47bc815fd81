const STEP_BYTES = 64 * 1024
/** Larger ones are rare and would be kept for nothing. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024
const KEPT_MAX = 4

/**
 * Buffers that bodies are read into, used again: the collector takes back what lies outside of its heap late, and a
 * server that takes 100 MB a second would hold tens of megabytes of bodies that nobody needs any more.
 */
export class BodyBuffers {
  readonly #kept: Buffer[] = []

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
    if (buffer.length > KEPT_BYTES_MAX) return
    // The one that was given back last is the likeliest to be in the processor's cache.
    this.#kept.unshift(buffer)
    if (this.#kept.length > KEPT_MAX) this.#kept.pop()
  }
}
