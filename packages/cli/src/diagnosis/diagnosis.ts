import type { Alert, AnalyzerView, Bottleneck, Labels, Recommendation } from '@chokepoint/analyzer'

/** What a run or a replay ends with. */
export interface Diagnosis {
  /** All that were found, those over by now too, highest impact first. */
  readonly bottlenecks: readonly Bottleneck[]
  readonly recommendations: readonly Recommendation[]
  /** All that fired, each as it was last. */
  readonly alerts: readonly Alert[]
  readonly services: readonly Labels[]
}

/** Reads the diagnosis off a view, after its last evaluation. */
export function readDiagnosis(view: AnalyzerView): Diagnosis {
  const fired = new Map<string, Alert>()
  for (const { alert, to } of view.alertHistory()) {
    if (to === 'firing') fired.set(alert.id, alert)
    else if (fired.has(alert.id)) fired.set(alert.id, alert)
  }
  for (const alert of view.alerts()) if (alert.state === 'firing') fired.set(alert.id, alert)
  return {
    bottlenecks: view.bottlenecks(),
    recommendations: view.recommendations(),
    alerts: [...fired.values()],
    services: view.snapshot().services,
  }
}
