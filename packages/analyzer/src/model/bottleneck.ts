import type { Labels } from './labels.ts'
import type { Severity } from './severity.ts'

/** The stable slugs of DESIGN §7; `detect/catalog.ts` has a row for each that a detector exists for. */
export type BottleneckType = string

/** One figure behind a claim, with the query that gives it again. */
export interface Evidence {
  readonly what: string
  readonly query: string
  readonly value: number
  /** UCUM: `s`, `By`, `1`, `{call}` ... */
  readonly unit: string
  readonly threshold?: number
  readonly baseline?: number
}

/** How much of the service's time, requests or resources the bottleneck holds. */
export interface Impact {
  /** 0 to 100. */
  readonly score: number
  /** 0 to 1: the part of the time, the requests or the resource that is affected. */
  readonly share: number
  /** Milliseconds a request that are saved when it is gone; 0 where time is not what it costs. */
  readonly savingMs: number
  /** The formula with its numbers put in. */
  readonly formula: string
}

/** One line of a CPU profile: where a blocked thread was. */
export interface ProfileFrame {
  readonly function: string
  readonly file: string
  readonly line: number
  /** 0 to 1: the part of the samples that this frame was on top of. */
  readonly share: number
}

/** What a detector says at one instant; the ledger of `findings/` gives it identity and a life. */
export interface BottleneckCandidate {
  readonly type: BottleneckType
  readonly severity: Severity
  readonly resource: Labels
  readonly component: string
  readonly operation: string
  /** One sentence with the numbers. */
  readonly summary: string
  readonly impact: Impact
  /** 0 to 1. */
  readonly confidence: number
  readonly evidence: readonly Evidence[]
  readonly profile?: { readonly frames: readonly ProfileFrame[] }
}

/** What limits a service now, or did. Times are ISO 8601, as the API gives them. */
export interface Bottleneck extends BottleneckCandidate {
  /** A fingerprint of type, resource, component and operation: the same bottleneck, the same id. */
  readonly id: string
  readonly status: 'active' | 'resolved'
  readonly since: string
  readonly lastSeen: string
  readonly resolvedAt?: string
  /** False when another active bottleneck explains this one; `causes` has that one's id. */
  readonly cause: boolean
  readonly causes: readonly string[]
  readonly symptoms: readonly string[]
  readonly recommendations: readonly string[]
  /** The Grafana panel that shows it, where the configuration names a Grafana. */
  readonly dashboardUrl?: string
}
