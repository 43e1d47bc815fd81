import type { Evidence } from '../model/bottleneck.ts'
import { figureOf } from './answers.ts'
import type { DetectContext } from './detector.ts'

/** A claim to be measured: its value is what its own query answers, so that anyone can check it again. */
export type Claim = Omit<Evidence, 'value'>

/**
 * The claims with their values, in order; those that nobody reports are left out. The first one leads: it
 * is the figure that must fall under its threshold for the bottleneck to be gone.
 */
export function measure(context: DetectContext, claims: readonly Claim[]): Evidence[] {
  return claims.flatMap((claim) => {
    const value = figureOf(context, claim.query)
    return value === undefined ? [] : [{ ...claim, value }]
  })
}
