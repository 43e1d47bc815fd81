import type { BottleneckCandidate } from '../../src/model/bottleneck.ts'

/** A candidate with what a test does not care about filled in. */
export function candidate(
  type: string,
  service: string,
  rest: Partial<BottleneckCandidate> & { score?: number; savingMs?: number } = {},
): BottleneckCandidate {
  const { score = 40, savingMs = 0, resource = {}, ...fields } = rest
  return {
    type,
    severity: 'warning',
    component: `component of ${type}`,
    operation: '',
    summary: `${type} in ${service}`,
    impact: { score, share: 0.4, savingMs, formula: `= ${score}` },
    confidence: 0.9,
    evidence: [{ what: 'figure', query: 'figure', value: 0.5, unit: '1', threshold: 0.1 }],
    ...fields,
    resource: { 'service.name': service, ...resource },
  }
}
