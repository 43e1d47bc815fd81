/** No block. */
export const NO_BLOCK = -1

/** One allocation that many blocks share, seen as bytes and as numbers. */
export interface Slab {
  readonly bytes: Uint8Array
  readonly ints: Int32Array
  readonly floats: Float64Array
}

/**
 * Block sizes by class. A series of numbers fills 256 bytes in about an hour; a row of a histogram
 * takes 20 to 200 bytes, and a block should hold many of them behind its first, which is a whole one.
 */
export const BLOCK_BYTES = [256, 1024, 4096, 16_384] as const
const SLAB_BYTES = 256 * 1024
const CLASS_SHIFT = 28
const INDEX_MASK = (1 << CLASS_SHIFT) - 1

/**
 * Blocks of memory outside of V8's heap, where the collector never looks at them. A block's number says
 * its class and place; a free block's first four bytes hold the number of the next free one.
 */
export class BlockPool {
  readonly #slabs: Slab[][] = BLOCK_BYTES.map(() => [])
  readonly #used = BLOCK_BYTES.map(() => 0)
  readonly #free = BLOCK_BYTES.map(() => NO_BLOCK)
  #blocks = 0

  /** The smallest class whose blocks have room for `bytes`; -1 when none has. */
  static classFor(bytes: number): number {
    return BLOCK_BYTES.findIndex((size) => size >= bytes)
  }

  static bytesOf(block: number): number {
    return BLOCK_BYTES[block >> CLASS_SHIFT]!
  }

  allocate(blockClass: number): number {
    this.#blocks++
    const free = this.#free[blockClass]!
    if (free !== NO_BLOCK) {
      this.#free[blockClass] = this.slab(free).ints[this.offset(free) >> 2]!
      return free
    }
    const slabs = this.#slabs[blockClass]!
    const index = this.#used[blockClass]!
    const perSlab = SLAB_BYTES / BLOCK_BYTES[blockClass]!
    if (index === slabs.length * perSlab) slabs.push(newSlab())
    this.#used[blockClass] = index + 1
    return (blockClass << CLASS_SHIFT) | index
  }

  release(block: number): void {
    const blockClass = block >> CLASS_SHIFT
    this.slab(block).ints[this.offset(block) >> 2] = this.#free[blockClass]!
    this.#free[blockClass] = block
    this.#blocks--
  }

  /** The slab that a block lies in. */
  slab(block: number): Slab {
    const blockClass = block >> CLASS_SHIFT
    const perSlab = SLAB_BYTES / BLOCK_BYTES[blockClass]!
    // Sizes are powers of two, so this division is exact and cheap.
    return this.#slabs[blockClass]![Math.trunc((block & INDEX_MASK) / perSlab)]!
  }

  /** The byte in its slab that a block begins at. */
  offset(block: number): number {
    const size = BLOCK_BYTES[block >> CLASS_SHIFT]!
    return ((block & INDEX_MASK) * size) % SLAB_BYTES
  }

  /** Bytes taken from the system, used or free. */
  get bytes(): number {
    return this.#slabs.reduce((sum, slabs) => sum + slabs.length * SLAB_BYTES, 0)
  }

  /** Blocks in use. */
  get blocks(): number {
    return this.#blocks
  }
}

function newSlab(): Slab {
  const buffer = new ArrayBuffer(SLAB_BYTES)
  return {
    bytes: new Uint8Array(buffer),
    ints: new Int32Array(buffer),
    floats: new Float64Array(buffer),
  }
}
