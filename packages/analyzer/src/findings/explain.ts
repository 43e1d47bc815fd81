import type { BottleneckCandidate } from '../model/bottleneck.ts'
import { EXPLANATION_RULES, type ExplanationRule } from './explanation-rules.ts'

/** A bottleneck that is seen now, with its id. */
export interface Seen {
  readonly id: string
  readonly candidate: BottleneckCandidate
}

/** For each id that others explain, the ids of those; ids without an explanation are absent. */
export type Explanations = ReadonlyMap<string, readonly string[]>

/**
 * Links causes to symptoms by the rules. An earlier rule wins where two would make a circle, so there is
 * always a bottleneck that nothing explains.
 */
export function explain(
  seen: readonly Seen[],
  rules: readonly ExplanationRule[] = EXPLANATION_RULES,
): Explanations {
  const causes = new Map<string, string[]>()
  for (const rule of rules) {
    for (const symptom of seen) {
      for (const cause of seen) {
        if (!explains(rule, cause, symptom) || reaches(causes, cause.id, symptom.id)) continue
        const known = causes.get(symptom.id) ?? []
        if (!known.includes(cause.id)) causes.set(symptom.id, [...known, cause.id])
      }
    }
  }
  return causes
}

function explains(rule: ExplanationRule, cause: Seen, symptom: Seen): boolean {
  const { candidate: because } = cause
  const { candidate: shown } = symptom
  return (
    cause.id !== symptom.id &&
    rule.cause.includes(because.type) &&
    rule.symptom.includes(shown.type) &&
    rule.where(because, shown) &&
    because.impact.savingMs >= (rule.timeShareMin ?? 0) * costMsOf(shown)
  )
}

/**
 * What a symptom costs one request that meets it. `savingMs` is spread over all requests; the shortest time among
 * its evidence, the mean of a call, is not: a peer that few requests call is as slow for those.
 */
function costMsOf({ impact, evidence }: BottleneckCandidate): number {
  const times = evidence.filter(({ unit }) => unit === 's').map(({ value }) => 1000 * value)
  return times.length === 0 ? impact.savingMs : Math.max(impact.savingMs, Math.min(...times))
}

/** Whether going from symptom to cause leads from `from` to `to`. */
function reaches(
  causes: ReadonlyMap<string, readonly string[]>,
  from: string,
  to: string,
): boolean {
  const open = [from]
  const visited = new Set<string>()
  while (open.length > 0) {
    const id = open.pop()!
    if (id === to) return true
    if (visited.has(id)) continue
    visited.add(id)
    open.push(...(causes.get(id) ?? []))
  }
  return false
}
