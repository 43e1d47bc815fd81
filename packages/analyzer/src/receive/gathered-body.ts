import type { BodyBuffers } from './body-buffers.ts'

/** Bytes of a request, in a buffer that others use when they are done with. */
export interface Body {
  readonly bytes: Uint8Array
  /** Nothing may look at the bytes any more. */
  readonly giveBack: () => void
}

const FIRST_BYTES = 64 * 1024
/** What a body outgrows is copied, and garbage for a while: with this, a third of the body's length in all. */
const GROWTH = 4

/** Bytes that come in pieces, put behind each other in one buffer: to collect the pieces first takes their memory twice. */
export class GatheredBody implements Body {
  readonly #buffers: BodyBuffers
  #buffer: Buffer
  #length = 0

  /** `expected` is the length if that is known, else 0. */
  constructor(buffers: BodyBuffers, expected: number) {
    this.#buffers = buffers
    this.#buffer = buffers.take(expected > 0 ? expected : FIRST_BYTES)
  }

  append(piece: Uint8Array): void {
    const length = this.#length + piece.length
    if (length > this.#buffer.length) {
      const grown = this.#buffers.take(Math.max(length, this.#buffer.length * GROWTH))
      this.#buffer.copy(grown, 0, 0, this.#length)
      this.#buffers.give(this.#buffer)
      this.#buffer = grown
    }
    this.#buffer.set(piece, this.#length)
    this.#length = length
  }

  get length(): number {
    return this.#length
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  readonly giveBack = (): void => {
    this.#buffers.give(this.#buffer)
  }
}
