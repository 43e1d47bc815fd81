import type { SamplerSettings } from '../settings/settings.ts'
import type { LocalRoot } from './local-root.ts'

/** Requests of a route before its p95 is trusted. */
const WARM_UP = 50
const STEP = 0.05

/**
 * An estimate of the 95th percentile in two numbers: each value pulls it up by 19 parts or down by one, so it
 * rests where one in twenty is above. It follows a change of the level within a few hundred values.
 */
export class SlowBound {
  #boundMs = 0
  #seen = 0

  /** Whether a duration is slow by those before it; then learns it. */
  observe(durationMs: number): boolean {
    if (this.#seen === 0) this.#boundMs = durationMs
    const slow = this.#seen >= WARM_UP && durationMs > this.#boundMs
    if (this.#seen < WARM_UP) this.#seen++
    this.#boundMs *= durationMs > this.#boundMs ? 1 + STEP * 0.95 : 1 - STEP * 0.05
    return slow
  }
}

/** Decides which traces are kept. */
export class TraceChooser {
  readonly #sampler: SamplerSettings
  readonly #slowMs: number
  readonly #random: () => number

  /** @param slowMs slower than this is always kept; Infinity: only the route's own level counts */
  constructor(sampler: SamplerSettings, slowMs: number, random: () => number) {
    this.#sampler = sampler
    this.#slowMs = slowMs
    this.#random = random
  }

  /** Chooses by ratio, once per root, so that the header that goes out and the decision at the end agree. */
  choose(root: LocalRoot): boolean {
    root.chosen ??= this.#chooseNew(root)
    return root.chosen
  }

  /** Whether the spans of an ended root are kept. */
  keep(root: LocalRoot, durationMs: number, slow: boolean, failed: boolean): boolean {
    if (this.#sampler.kind === 'tail') {
      if (failed || slow || durationMs > this.#slowMs) return true
    }
    return this.choose(root)
  }

  /**
   * "ParentBased: [...] if the parent is set, the sampling decision of the parent is respected"; "TraceIdRatioBased
   * [...] MUST be a deterministic hash of the TraceId" (opentelemetry.io/docs/specs/otel/trace/sdk/#sampling)
   */
  #chooseNew(root: LocalRoot): boolean {
    const sampler = this.#sampler
    const parentCounts = sampler.kind === 'tail' || sampler.parentBased
    if (parentCounts && root.parent !== undefined) return root.parent.sampled
    switch (sampler.kind) {
      case 'always_on':
        return true
      case 'always_off':
        return false
      case 'traceidratio':
        return Number.parseInt(root.traceId.slice(-13), 16) < sampler.ratio * 2 ** 52
      case 'tail':
        return this.#random() < sampler.ratio
    }
  }
}
