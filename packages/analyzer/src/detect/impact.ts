import type { Impact } from '../model/bottleneck.ts'
import type { Severity } from '../model/severity.ts'

/** What a severity weighs; docs/impact.md tells why. */
export const SEVERITY_WEIGHTS: Readonly<Record<Severity, number>> = {
  info: 0.4,
  warning: 0.7,
  critical: 1,
}

/** A part of something, 0 to 1; values outside are cut to that. */
export interface Part {
  readonly value: number
  /** Of what, in words: `the time of a request`. */
  readonly of: string
}

/** What a bottleneck costs, before it is put into one number. */
export interface Cost {
  readonly severity: Severity
  /** The part of what an affected request (or resource) has that the bottleneck takes. */
  readonly share: Part
  /** The part of all requests (or of the resource) that is affected. */
  readonly reach: Part
  /** Milliseconds a request, over all requests; 0 where time is not what it costs. */
  readonly savingMs?: number
}

/**
 * The public impact formula: 100 × severity weight × √(share × reach). The root keeps the scale readable:
 * half of the time of half of the requests is 50, not 25. docs/impact.md explains it.
 */
export function impactOf(cost: Cost): Impact {
  const weight = SEVERITY_WEIGHTS[cost.severity]
  const share = cut(cost.share.value)
  const reach = cut(cost.reach.value)
  const score = Math.round(100 * weight * Math.sqrt(share * reach))
  const parts = `${percent(share)} of ${cost.share.of} × ${percent(reach)} of ${cost.reach.of}`
  return {
    score,
    share: round(share * reach, 4),
    savingMs: round(Math.max(0, cost.savingMs ?? 0), 1),
    formula: `100 × ${weight} (${cost.severity}) × √(${parts}) = ${score}`,
  }
}

function cut(value: number): number {
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0
}

function percent(share: number): string {
  return `${round(share * 100, 1)} %`
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
