import type { SeriesReader } from '../../shared/series-reader.ts'
import type { SeriesAttributes } from '../../shared/series-writer.ts'

/** Tells something once: the subject is what is told once. */
type Warn = (subject: string, detail: string) => void

/**
 * Tells of each metric whose series have found no room, and of the label that has filled it: what is counted together
 * is otherwise missed only when somebody looks for it.
 */
export function tellOverflows(reader: SeriesReader, warn: Warn): void {
  const byMetric = new Map<string, SeriesAttributes[]>()
  for (const { instrument, attributes } of reader.read()) {
    const all = byMetric.get(instrument.row.name) ?? []
    all.push(attributes)
    byMetric.set(instrument.row.name, all)
  }
  for (const [metric, all] of byMetric) {
    if (!all.some((attributes) => attributes['otel.metric.overflow'] === true)) continue
    const [label, values] = widestLabel(all)
    warn(
      `${metric} has too many series, the rest is counted as one`,
      `its ${label} has ${values} different values`,
    )
  }
}

function widestLabel(all: readonly SeriesAttributes[]): [label: string, values: number] {
  const values = new Map<string, Set<unknown>>()
  for (const attributes of all) {
    for (const [label, value] of Object.entries(attributes)) {
      const known = values.get(label) ?? new Set()
      values.set(label, known.add(value))
    }
  }
  const widest = Array.from(values, ([label, { size }]): [string, number] => [label, size])
  return widest.reduce((one, other) => (other[1] > one[1] ? other : one), ['', 0])
}
