import { metric } from './metric.ts'

/** What the reader chose at the top of a dashboard. */
export const CHOSEN = 'job=~"$job", instance=~"$instance"'

const INTERVAL = '$__rate_interval'

/** Events a second of a counter or of a histogram's count. */
export function rateOf(series: string, by: readonly string[], filter = CHOSEN): string {
  return `sum by (${by.join(', ')}) (rate(${series}{${filter}}[${INTERVAL}]))`
}

/** A quantile of a histogram of ours, with the lines told apart by `by`. */
export function quantileOf(quantile: number, name: string, by: readonly string[]): string {
  const buckets = rateOf(`${metric(name)}_bucket`, ['le', ...by])
  return `histogram_quantile(${quantile}, ${buckets})`
}

/** The mean of a histogram of ours; absent where nothing was recorded. */
export function meanOf(name: string, by: readonly string[], filter = CHOSEN): string {
  const base = metric(name)
  const count = rateOf(`${base}_count`, by, filter)
  return `${rateOf(`${base}_sum`, by, filter)} / (${count} > 0)`
}

/** A gauge of ours as the reader chose it. */
export function gaugeOf(name: string, filter = ''): string {
  return `${metric(name)}{${CHOSEN}${filter === '' ? '' : `, ${filter}`}}`
}
