import { z } from 'zod'
import { EVENT_TYPES } from '../model/event.ts'
import { SEVERITIES } from '../model/severity.ts'
import {
  boolean,
  duration,
  field,
  httpUrl,
  interval,
  limit,
  number,
  oneOf,
  port,
  ratio,
  text,
} from './fields.ts'
import { LIMITS, type Limits } from './limits.ts'

export const WEBHOOK_FORMATS = [
  'standard',
  'cloudevents',
  'alertmanager',
  'slack',
  'teams',
  'pagerduty',
] as const

/** How the body of a webhook is written. */
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number]

// Standard Webhooks 1.0: "The secret … between 24 bytes (192 bits) and 64 bytes (512 bits)", shown as
// base64 with the prefix `whsec_`. https://github.com/standard-webhooks/standard-webhooks
const secret = field(
  'whsec_ and 24 to 64 random bytes in base64 (openssl rand -base64 32 makes some)',
  (value) => {
    if (typeof value !== 'string') return undefined
    const match = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(value)
    if (match === null) return undefined
    const bytes = Buffer.from(match[1] as string, 'base64').length
    return bytes >= 24 && bytes <= 64 ? value : undefined
  },
)

const eventPattern = field(
  `an event type or a pattern such as recommendation.* (types: ${EVENT_TYPES.join(', ')})`,
  (value) => (typeof value === 'string' && matchesSomeEvent(value) ? value : undefined),
)

const headers = z.record(z.string(), text)

/** A list that may be written as its only item. */
function listOf<Item extends z.ZodType>(item: Item) {
  return z.preprocess(
    (value) => (typeof value === 'string' ? [value] : value),
    z.array(item).min(1),
  )
}

/** An object with a `url` that may be written as that address alone. */
function byUrl<Shape extends z.ZodType>(shape: Shape) {
  return z.preprocess((value) => (typeof value === 'string' ? { url: value } : value), shape)
}

/** The levels of one threshold; a level that is null raises no alert. */
function threshold<Level extends z.ZodType<number>>(level: Level) {
  return z
    .strictObject({
      info: level.nullish(),
      warning: level.nullish(),
      critical: level.nullish(),
      for: duration.default(60_000),
    })
    .transform(({ for: forMs, info, warning, critical }) => ({
      info: info ?? null,
      warning: warning ?? null,
      critical: critical ?? null,
      forMs,
    }))
    .nullable()
}

const webhook = z
  .strictObject({
    name: text.optional(),
    url: httpUrl,
    secret: listOf(secret).optional(),
    secretFile: text.optional(),
    routingKey: text.optional(),
    format: oneOf(WEBHOOK_FORMATS).default('standard'),
    events: z.array(eventPattern).min(1).default(['*']),
    severity: oneOf(SEVERITIES).default('info'),
    headers: headers.default({}),
    timeout: interval.default(20_000),
    allowPrivate: boolean.optional(),
  })
  .transform(({ secret, timeout, ...rest }) => ({
    ...rest,
    secrets: secret ?? [],
    timeoutMs: timeout,
  }))

const forward = z.strictObject({
  url: httpUrl,
  headers: headers.default({}),
  compression: z.enum(['gzip', 'none']).default('gzip'),
})

const alertmanager = byUrl(
  z
    .strictObject({
      url: httpUrl,
      headers: headers.default({}),
      timeout: interval.default(10_000),
    })
    .transform(({ timeout, ...rest }) => ({ ...rest, timeoutMs: timeout })),
)

const tls = z.strictObject({ cert: text, key: text, clientCa: text.nullable().default(null) })

const report = z
  .strictObject({
    cron: text,
    format: oneOf(['json', 'csv', 'html']).default('html'),
    window: interval.default(86_400_000),
    dir: text.default('./reports'),
  })
  .transform(({ window, ...rest }) => ({ ...rest, windowMs: window }))

const profileTarget = z.strictObject({
  service: text,
  url: httpUrl,
  token: text,
  tenant: text.nullable().default(null),
})

const limits = z.strictObject(
  Object.fromEntries(Object.entries(LIMITS).map(([name, row]) => [name, limit(row.unit)])),
) as unknown as z.ZodType<Limits>

/** What `chokepoint.yaml` may say, after the defaults of `defaults.ts` were put under it. */
export const CONFIG_SCHEMA = z
  .strictObject({
    listen: z.strictObject({ host: text, otlpHttp: port, otlpGrpc: port, api: port }),
    dataDir: text,
    externalUrl: httpUrl.nullable(),
    grafanaUrl: httpUrl.nullable(),
    externalLabels: z.record(z.string(), text),
    retention: interval,
    fsync: oneOf(['always', 'interval', 'never']),
    clock: oneOf(['wall', 'data']),
    multitenancy: boolean,
    selfMetrics: boolean,
    promql: z
      .strictObject({ experimental: boolean, lookback: interval })
      .transform(({ lookback, ...rest }) => ({ ...rest, lookbackMs: lookback })),
    evaluation: z
      .strictObject({ interval, onArrival: boolean })
      .transform(({ interval, ...rest }) => ({ ...rest, intervalMs: interval })),
    thresholds: z.strictObject({
      cpu: threshold(ratio),
      memory: threshold(ratio),
      disk: threshold(ratio),
      responseTime: threshold(interval),
      errorRate: threshold(ratio),
      minimumRate: number('requests per second', 0),
    }),
    rules: z.array(text),
    detectors: z.array(text),
    webhooks: z.array(webhook),
    alertmanagers: z.array(alertmanager),
    forward: byUrl(forward.nullable()),
    auth: z.strictObject({
      tokens: z.array(text),
      tokensFile: text.nullable(),
      tls: tls.nullable(),
    }),
    limits,
    profiles: z.array(profileTarget),
    reports: z.array(report),
  })
  .transform(({ retention, ...rest }) => ({ ...rest, retentionMs: retention }))

/** The configuration in force. Durations are milliseconds, paths absolute, secrets in the clear. */
export type Config = z.output<typeof CONFIG_SCHEMA>
export type WebhookConfig = Config['webhooks'][number]
export type AlertmanagerConfig = Config['alertmanagers'][number]
export type Thresholds = Config['thresholds']

/** True when a pattern such as `recommendation.*` or `*` names at least one event type. */
function matchesSomeEvent(pattern: string): boolean {
  return EVENT_TYPES.some((type) => matchesEvent(pattern, type))
}

/** True when `pattern` is the event type, or ends in `*` and its beginning is the type's. */
export function matchesEvent(pattern: string, type: string): boolean {
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type
}
