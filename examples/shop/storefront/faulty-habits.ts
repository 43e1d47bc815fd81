import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FaultSwitches } from '../faults.ts'
import { rebuildRecommendations } from './recommendations.ts'

const BLOCK_EVERY_MS = 4_000
const BLOCK_MS = 500
const LEAK_BYTES = 200_000
const PAGE_BYTES = 8_000_000

/** What the storefront does wrong while one of its faults is on. */
export class FaultyHabits {
  readonly #faults: FaultSwitches
  readonly #kept: object[] = []
  readonly #timer: NodeJS.Timeout
  readonly #file = join(tmpdir(), `shop-page-${process.pid}`)

  constructor(faults: FaultSwitches) {
    this.#faults = faults
    this.#timer = setInterval(() => {
      if (faults.isOn('block-loop')) rebuildRecommendations(BLOCK_MS)
    }, BLOCK_EVERY_MS)
  }

  /** To be called once in each request for a page. */
  onPage(): void {
    if (this.#faults.isOn('leak')) this.#remember()
    if (this.#faults.isOn('sync-fs')) this.#cachePage()
  }

  /** Ordinary objects, so that it is V8's heap that grows. */
  #remember(): void {
    this.#kept.push(Array.from({ length: LEAK_BYTES / 40 }, (_, n) => ({ n })))
  }

  #cachePage(): void {
    writeFileSync(this.#file, Buffer.alloc(PAGE_BYTES, 'page'))
    readFileSync(this.#file)
  }

  stop(): void {
    clearInterval(this.#timer)
    rmSync(this.#file, { force: true })
  }
}
