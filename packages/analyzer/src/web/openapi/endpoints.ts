import { anything, type JsonSchema, list, map, object, ref, text, time } from './json-schema.ts'

/** One endpoint of port 9490, for the document and for the tests that compare it with the server. */
export interface Endpoint {
  readonly methods: readonly ('get' | 'post')[]
  readonly path: string
  readonly summary: string
  readonly parameters: readonly Parameter[]
  /** The `data` of the envelope; absent where the answer is no envelope. */
  readonly data?: JsonSchema
  /** The media types of an answer without an envelope. */
  readonly mediaTypes?: readonly string[]
}

export interface Parameter {
  readonly name: string
  readonly in: 'query' | 'path'
  readonly required: boolean
  readonly description: string
}

const query = (name: string, description: string, required = false): Parameter => ({
  name,
  in: 'query',
  required,
  description,
})
const path = (name: string, description: string): Parameter => ({
  name,
  in: 'path',
  required: true,
  description,
})

const LIMIT = query('limit', 'The most elements to return; 0 is all')
const PROMQL = query('query', 'A PromQL expression', true)
const TIMEOUT = query('timeout', 'The longest that the evaluation may take, as a duration')
const STATS = query('stats', '`true`: with statistics; `all`: with those of each step')
const MATCH = query('match[]', 'A series selector; may be given many times')
const START = query('start', 'RFC 3339 or Unix seconds')
const END = query('end', 'RFC 3339 or Unix seconds')
const both = ['get', 'post'] as const

const prometheus = (
  name: string,
  summary: string,
  parameters: readonly Parameter[],
  data: JsonSchema,
): Endpoint => ({
  methods: both,
  path: `/api/v1/${name}`,
  summary: `${summary}, as Prometheus does`,
  parameters,
  data,
})

const own = (
  method: 'get' | 'post',
  name: string,
  summary: string,
  parameters: readonly Parameter[],
  data: JsonSchema,
): Endpoint => ({ methods: [method], path: `/api/v1/${name}`, summary, parameters, data })

const plain = (path: string, summary: string, mediaTypes: readonly string[]): Endpoint => ({
  methods: ['get'],
  path,
  summary,
  parameters: [],
  mediaTypes,
})

/** Everything that port 9490 answers. */
export const ENDPOINTS: readonly Endpoint[] = [
  own('get', 'snapshot', 'The state now', [], ref('PerformanceSnapshot')),
  own(
    'get',
    'components',
    'Components by the time they take in all',
    [LIMIT],
    list(ref('ComponentMetrics')),
  ),
  own('get', 'bottlenecks', 'Bottlenecks, highest impact first', [LIMIT], list(ref('Bottleneck'))),
  own(
    'get',
    'recommendations',
    'Recommendations, highest impact first',
    [LIMIT],
    list(ref('Recommendation')),
  ),
  own(
    'post',
    'recommendations/{id}/{action}',
    'Acknowledges, ignores or reopens a recommendation',
    [path('id', 'The recommendation'), path('action', '`acknowledge`, `ignore` or `reopen`')],
    ref('Recommendation'),
  ),
  own('get', 'alerts/history', 'Every step of every alert', [LIMIT], list(ref('AlertTransition'))),
  own('get', 'webhooks', 'The webhook endpoints, without their secrets', [], list(anything)),
  own('get', 'webhooks/deliveries', 'Deliveries, newest first', [LIMIT], list(anything)),
  own(
    'post',
    'webhooks/test',
    'Sends `webhook.test`',
    [query('endpoint', 'One endpoint; absent: all')],
    anything,
  ),
  own(
    'post',
    'webhooks/deliveries/{id}/redeliver',
    'Sends a delivery again',
    [path('id', 'The delivery')],
    anything,
  ),
  own(
    'get',
    'profiles',
    'The services that can be asked for profiles, and the profiles that there are',
    [],
    ref('ProfileState'),
  ),
  own(
    'post',
    'profiles/take',
    'Has a service take a profile; answers when it is there',
    [
      query('service', 'The `service.name`, as the configuration has it', true),
      query('kind', '`cpu` (default) or `heap`'),
      query('seconds', '1 to 120; 10 when absent'),
    ],
    ref('StoredProfile'),
  ),
  own(
    'get',
    'live',
    'What the live page polls',
    [],
    object({ time, html: text, charts: list(ref('ReportChart')) }),
  ),
  {
    methods: ['get'],
    path: '/api/v1/profiles/{id}',
    summary: 'A profile: a gzipped pprof file',
    parameters: [path('id', 'The profile')],
    mediaTypes: ['application/octet-stream'],
  },
  {
    methods: ['get'],
    path: '/api/v1/report',
    summary: 'A report over a window; JSON is PerformanceReport itself, without an envelope',
    parameters: [
      query('format', '`json` (default), `csv` or `html`'),
      query('window', 'A duration up to now; 15m when absent'),
    ],
    mediaTypes: ['application/json', 'text/csv', 'text/html'],
  },
  prometheus(
    'query',
    'Evaluates at one instant',
    [PROMQL, query('time', 'RFC 3339 or Unix seconds; now when absent'), TIMEOUT, LIMIT, STATS],
    ref('QueryData'),
  ),
  prometheus(
    'query_range',
    'Evaluates at each step of a range',
    [PROMQL, START, END, query('step', 'A duration or seconds', true), TIMEOUT, LIMIT, STATS],
    ref('QueryData'),
  ),
  prometheus(
    'query_exemplars',
    'Lists exemplars of the series that an expression reads',
    [PROMQL, START, END],
    list(anything),
  ),
  prometheus('format_query', 'Lays an expression out', [PROMQL], text),
  prometheus('parse_query', 'Gives the tree of an expression', [PROMQL], anything),
  prometheus('series', 'Lists series', [MATCH, START, END, LIMIT], list(ref('Labels'))),
  prometheus('labels', 'Lists label names', [MATCH, START, END, LIMIT], list(text)),
  prometheus(
    'label/{name}/values',
    'Lists the values of a label',
    [path('name', 'The label; `U__` escapes are understood'), MATCH, START, END, LIMIT],
    list(text),
  ),
  prometheus(
    'metadata',
    'Lists types, helps and units of metrics',
    [
      query('metric', 'One metric; absent: all'),
      LIMIT,
      query('limit_per_metric', 'The most entries a metric'),
    ],
    map(list(object({ type: text, help: text, unit: text }))),
  ),
  prometheus(
    'rules',
    'Lists rule groups with their state',
    [
      query('type', '`alert` or `record`'),
      query('rule_name[]', 'Only these rules'),
      query('rule_group[]', 'Only these groups'),
      query('file[]', 'Only these files'),
      query('exclude_alerts', '`true`: without the alerts'),
      query('group_limit', 'The most groups'),
      query('group_next_token', 'Where the page before ended'),
    ],
    object({ groups: list(anything), 'groupNextToken?': text }),
  ),
  prometheus(
    'alerts',
    'Lists pending and firing alerts',
    [],
    object({ alerts: list(ref('PrometheusAlert')) }),
  ),
  prometheus(
    'targets',
    'Lists scrape targets; there are none',
    [],
    object({ activeTargets: list(anything), droppedTargets: list(anything) }),
  ),
  prometheus(
    'status/buildinfo',
    'Says which Prometheus this behaves as',
    [],
    object({ version: text }),
  ),
  {
    methods: ['post'],
    path: '/api/v1/otlp/v1/metrics',
    summary: 'Takes OTLP metrics: ExportMetricsServiceRequest as protobuf or JSON',
    parameters: [],
    mediaTypes: ['application/x-protobuf', 'application/json'],
  },
  plain('/api/v1/openapi.json', 'This document', ['application/json']),
  plain('/', 'The live page', ['text/html']),
  plain('/metrics', 'The own metrics of the analyzer', ['text/plain']),
  plain('/-/healthy', 'Answers while the process runs', ['text/plain']),
  plain('/-/ready', 'Answers 200 once the state on disk is read back, 503 before', ['text/plain']),
]

/** The envelope around the data of an endpoint. */
export function envelopeOf(data: JsonSchema): JsonSchema {
  return object({
    status: { const: 'success' },
    data,
    'warnings?': list(text),
    'infos?': list(text),
  })
}

/** Whether an endpoint may be asked without a token where tokens are on. */
export function isOpen({ path }: Endpoint): boolean {
  return path === '/' || path.startsWith('/-/')
}
