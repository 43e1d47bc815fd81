import type { Detector, Threshold } from './detector.ts'
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
  refused: {
    value: 10,
    unit: '{point}',
    reason:
      'points that the analyzer refused in the window for want of room; a healthy fleet has none',
  },
} as const satisfies Record<string, Threshold>

const DROPPED = select('chokepoint_sdk_dropped_total', { chokepoint_drop_kind: 'series' })

/** A service whose attributes take so many values that series had to be folded into one, or were refused. */
export const detectCardinality: Detector = (context) => [
  ...detectFolded(context),
  ...detectRefused(context),
]

const detectFolded = overThreshold({
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

const REFUSED = 'chokepoint_store_refused_points_total'

/** A metric at a limit of the analyzer: its store says which label has the most values. */
const detectRefused = overThreshold({
  type: 'cardinality.explosion',
  component: ({ metric = '', label = '' }) => (label === '' ? metric : `${metric}, label ${label}`),
  operation: 'series',
  by: ['job', 'metric', 'label', 'reason'],
  figure: (window) => `sum by (job, metric, label, reason) (increase(${REFUSED}[${window}]))`,
  warning: CARDINALITY_EXPLOSION.refused,
  summary: (labels, value, window) =>
    `${labels.label ? `label ${labels.label} of ` : ''}${labels.metric} has values without end: ` +
    `${whole(value)} points of ${serviceName(labels)} in ${window} would have begun series over ` +
    `${LIMITS_IN_WORDS[labels.reason ?? ''] ?? 'a limit'} and were refused`,
  share: () => ({ value: 0.3, of: 'the metrics (taken as a third: some are blind)' }),
  confidence: 0.9,
  claims: ({ job = '', metric = '', label = '' }, window) => [
    {
      what: `points of the last ${window} that were refused`,
      query: `sum(increase(${select(REFUSED, { job, metric })}[${window}]))`,
      unit: '{point}',
      threshold: CARDINALITY_EXPLOSION.refused.value,
    },
    {
      what: `values of label ${label} that were seen, at least`,
      query: `max(${select('chokepoint_store_label_values', { job, metric, label })})`,
      unit: '{value}',
    },
  ],
})

const LIMITS_IN_WORDS: Readonly<Record<string, string>> = {
  metric_limit: 'the limit of one metric',
  series_limit: 'the limit of all series',
  memory_limit: 'the limit of memory',
}
