import type { Threshold } from './detector.ts'
import { overThreshold } from './over-threshold.ts'
import { select } from './promql-text.ts'
import { serviceName } from './resource.ts'
import { whole } from './wording.ts'

/** From when on label values without bound are a finding. */
export const CARDINALITY_EXPLOSION = {
  dropped: {
    value: 10,
    unit: '{item}',
    reason:
      'items that found no room for a series of their own in the window; a healthy service has none',
  },
} as const satisfies Record<string, Threshold>

const DROPPED = select('chokepoint_sdk_dropped_total', { chokepoint_drop_kind: 'series' })

/** A service whose attributes take so many values that series had to be folded into one. */
export const detectCardinality = overThreshold({
  type: 'cardinality.explosion',
  component: 'metric attributes',
  operation: 'series',
  by: ['job', 'instance'],
  figure: (window) => `sum by (job, instance) (increase(${DROPPED}[${window}]))`,
  warning: CARDINALITY_EXPLOSION.dropped,
  summary: (labels, value, window) =>
    `${serviceName(labels)} has more combinations of attribute values than it may have series: ` +
    `${whole(value)} items in ${window} were counted under "overflow"`,
  share: () => ({ value: 0.3, of: 'the metrics (taken as a third: some are blind)' }),
  confidence: 0.9,
  claims: ({ job = '' }, window) => [
    {
      what: `items of the last ${window} without a series of their own`,
      query: `max(sum by (instance) (increase(${select('chokepoint_sdk_dropped_total', { job, chokepoint_drop_kind: 'series' })}[${window}])))`,
      unit: '{item}',
      threshold: CARDINALITY_EXPLOSION.dropped.value,
    },
    {
      what: 'series that the service has',
      query: `max(${select('chokepoint_sdk_series', { job })})`,
      unit: '{series}',
    },
  ],
})
