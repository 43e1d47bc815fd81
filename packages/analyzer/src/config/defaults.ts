import { formatByteSize } from './byte-size.ts'
import { LIMIT_NAMES, LIMITS } from './limits.ts'

/**
 * `chokepoint.yaml` with every key, its default and its meaning. This text is the defaults: a user's file
 * is laid over it, so the documentation cannot differ from what happens.
 */
export function printDefaults(): string {
  const limits = LIMIT_NAMES.map((name) => {
    const { default: value, unit, reason } = LIMITS[name]
    const text = unit === 'By' ? formatByteSize(value) : String(value)
    return `  ${`${name}: ${text}`.padEnd(31)} # ${unit === 'By' ? '' : `${unit}: `}${reason}`
  })
  return `${DEFAULTS}\n# Every limit, overridden one by one.\nlimits:\n${limits.join('\n')}\n`
}

const DEFAULTS = `# Chokepoint's configuration. A key that is left out has the value below.
# \${NAME} is an environment variable, \${NAME:-value} one with a default, $$ a dollar sign.
# Durations: 500ms, 30s, 1h30m. Paths are relative to this file.

# Where the analyzer listens. Port 0 takes a free one. Anything but loopback opens it to the network.
listen:
  host: 127.0.0.1
  otlpHttp: 4318               # POST /v1/metrics
  otlpGrpc: 4317               # MetricsService/Export
  api: 9490                    # API, live page, /metrics, /-/healthy, /-/ready

dataDir: ./chokepoint-data     # the log of samples, alert state and history, webhook queue
externalUrl: null              # the address of the live page as people reach it, for links in messages
grafanaUrl: null               # the address of the Grafana that has our dashboards: findings link to their panels
externalLabels: {}             # labels that tell this analyzer from others: sent to Alertmanagers, in templates
retention: 2h                  # samples in memory and in the log; 365d when clock is data
fsync: interval                # always: before each 200; interval: each 100 ms; never: the system decides
clock: wall                    # wall: the time now; data: the newest sample of the tenant, for replay
multitenancy: false            # true: the header X-Scope-OrgID names the tenant
selfMetrics: false             # true: what /metrics says is also kept as series, for dashboards without a Prometheus

promql:
  experimental: false          # experimental functions and aggregations of PromQL
  lookback: 5m                 # how old a sample may be to count as now

evaluation:
  interval: 15s                # of rule groups that name none
  onArrival: true              # also evaluate a rule at once when data that it reads arrives

# Simple alerts. They become Prometheus rules. A level that is null raises no alert;
# a threshold that is null is off. "for" is how long a level must be passed without a break.
thresholds:
  cpu:                         # of a host, and of a process
    { warning: 0.8, critical: 0.95, for: 1m }
  memory:                      # of a host, and of a container
    { warning: 0.85, critical: 0.95, for: 1m }
  disk:                        # of a file system
    { warning: 0.85, critical: 0.95, for: 5m }
  responseTime:                # the 95th percentile of a route
    { warning: 500ms, critical: 2s, for: 1m }
  errorRate:                   # the part of a route's requests that end in a 5xx status
    { warning: 0.02, critical: 0.1, for: 1m }
  minimumRate: 0.1             # requests per second under which a route raises no alert

rules: []                      # Prometheus rule files: paths and patterns such as rules/*.yml
detectors: []                  # detectors of your own: module paths and YAML files

# Where to tell people. Each entry:
#   url: https://example.org/hook
#   name: example               default: the host of the url
#   secret: \${HOOK_SECRET}      whsec_…; a list signs with each, which is how a secret is changed
#   secretFile: hook.secret     the same from a file, one secret a line
#   format: standard            standard | cloudevents | alertmanager | slack | teams | pagerduty
#   events: ["*"]               event types, or patterns such as recommendation.*
#   severity: info              the least severity that is told
#   headers: {}                 more headers, such as Authorization
#   timeout: 20s                of one attempt
#   routingKey: …               of PagerDuty
#   allowPrivate: false         true: private and loopback addresses behind a public name are allowed
webhooks: []

alertmanagers: []              # addresses, or { url, headers, timeout }
forward: null                  # an OTLP endpoint that gets all requests too, or { url, headers, compression: gzip | none }

auth:
  tokens: []                   # bearer tokens; when there is one, every request needs one
  tokensFile: null             # the same from a file, one token a line
  tls: null                    # { cert, key, clientCa }: files in PEM

# Services that may be asked for CPU and heap profiles, by the API, the live page and chokepoint profile:
#   service: shop               its service.name
#   url: http://10.0.0.5:9464   its port of /metrics
#   token: \${PROFILE_TOKEN}    its CHOKEPOINT_PROFILE_TOKEN
#   tenant: null                whose it is, with multitenancy
profiles: []

reports: []                    # { cron: "0 8 * * 1", format: html, window: 7d, dir: ./reports }
`
