import type { Bottleneck } from '../../src/model/bottleneck.ts'

/** An active bottleneck with what a test does not care about filled in. */
export function bottleneck(rest: Partial<Bottleneck> = {}): Bottleneck {
  return {
    id: 'b1',
    type: 'dependency.slow',
    severity: 'warning',
    status: 'active',
    resource: { 'service.name': 'shop' },
    component: 'payment:7001',
    operation: 'HTTP requests',
    summary: 'shop waits for payment:7001',
    impact: { score: 60, share: 0.36, savingMs: 212, formula: '= 60' },
    confidence: 0.9,
    evidence: [{ what: 'p95', query: 'p95_of_payment', value: 0.48, unit: 's', threshold: 0.3 }],
    since: '2026-01-01T00:00:00.000Z',
    lastSeen: '2026-01-01T00:00:00.000Z',
    cause: true,
    causes: [],
    symptoms: [],
    recommendations: ['r1'],
    ...rest,
  }
}
