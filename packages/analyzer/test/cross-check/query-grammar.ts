type Random = () => number

const GAUGES = [
  'nodejs_eventloop_utilization_ratio',
  'nodejs_eventloop_delay_p99_seconds',
  'system_memory_usage_bytes',
  'system_cpu_utilization_ratio',
  'process_memory_usage_bytes',
  'http_server_active_requests',
] as const
const COUNTERS = [
  'system_cpu_time_seconds_total',
  'system_network_io_bytes_total',
  'process_context_switches_total',
  'http_server_request_duration_seconds_count',
  'http_server_request_duration_seconds_sum',
  'db_client_operation_duration_seconds_bucket',
] as const
const HISTOGRAMS = [
  'http_server_request_duration_seconds',
  'db_client_operation_duration_seconds',
  'v8js_gc_duration_seconds',
] as const
const MATCHERS = [
  '',
  '{job="shop"}',
  '{job!="mail"}',
  '{instance=~"1|2"}',
  '{host_name=~"host-.*",instance="2"}',
  '{cpu_mode!~"id.+"}',
  '{error_type=""}',
] as const
const RANGES = ['1m', '90s', '2m', '5m', '47s'] as const
const OVER_TIME = ['avg', 'min', 'max', 'sum', 'count', 'stddev', 'stdvar', 'last', 'present']
const AGGREGATIONS = ['sum', 'avg', 'min', 'max', 'count', 'stddev', 'stdvar', 'group'] as const
const GROUPINGS = ['', 'by (job) ', 'by (job, instance) ', 'without (instance) ', 'by (le, job) ']
const ELEMENTWISE = ['abs', 'ceil', 'floor', 'exp', 'ln', 'sqrt', 'sgn', 'round', '-'] as const

/** Writes queries at random over the metrics of the test fleet: the same ones for the same seed. */
export class QueryGrammar {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** One query of up to `depth` nested operations. */
  query(depth = 3): string {
    if (depth === 0) return this.#leaf()
    const inner = () => this.query(depth - 1)
    return this.#pick([
      () => this.#leaf(),
      () => this.#aggregation(inner()),
      () => this.#aggregation(this.#leaf()),
      () => `${this.#pick(ELEMENTWISE)}(${inner()})`,
      () => this.#quantileOfBuckets(),
      () => this.#binary(),
      () => `(${inner()}) ${this.#pick(['>', '<=', '!='])} ${this.#number()}`,
      () => `(${inner()}) ${this.#pick(['+', '-', '*', '/', '%', '^'])} ${this.#number()}`,
      () => `clamp(${inner()}, ${this.#number()}, 10000)`,
      () => this.#overSubquery(inner()),
      () => this.#labels(),
      () => this.#rare(),
      () => this.#native(),
    ])()
  }

  #leaf(): string {
    return this.#pick([
      () => this.#selector(GAUGES),
      () => `${this.#selector(GAUGES)} offset ${this.#pick(RANGES)}`,
      () => this.#rate(),
      () => this.#rate(),
      () => `${this.#pick(OVER_TIME)}_over_time(${this.#selector(GAUGES)}[${this.#pick(RANGES)}])`,
      () => `quantile_over_time(${this.#part()}, ${this.#selector(GAUGES)}[5m])`,
      () => `${this.#pick(['deriv', 'delta', 'idelta', 'changes'])}(${this.#selector(GAUGES)}[3m])`,
      () => `predict_linear(${this.#selector(GAUGES)}[4m], 60)`,
      () => `resets(${this.#selector(COUNTERS)}[10m])`,
    ])()
  }

  #rate(): string {
    const call = this.#pick(['rate', 'rate', 'increase', 'irate'])
    const offset = this.#random() < 0.2 ? ` offset ${this.#pick(RANGES)}` : ''
    return `${call}(${this.#selector(COUNTERS)}[${this.#pick(RANGES)}]${offset})`
  }

  #selector(names: readonly string[]): string {
    return this.#pick(names) + this.#pick(MATCHERS)
  }

  #aggregation(inner: string): string {
    const by = this.#pick(GROUPINGS)
    return this.#pick([
      () => `${this.#pick(AGGREGATIONS)} ${by}(${inner})`,
      () => `quantile ${by}(${this.#part()}, ${inner})`,
      () => `${this.#pick(['topk', 'bottomk'])} ${by}(2, ${this.#selector(GAUGES)})`,
      () => `count_values ${by}("seen", round(${this.#selector(GAUGES)}, 0.25))`,
    ])()
  }

  #quantileOfBuckets(): string {
    const by = this.#pick(['job, ', 'instance, ', ''])
    const buckets = `${this.#pick(HISTOGRAMS)}_bucket${this.#pick(MATCHERS)}`
    return `histogram_quantile(${this.#part()}, sum by (${by}le) (rate(${buckets}[${this.#pick(RANGES)}])))`
  }

  #binary(): string {
    const operator = this.#pick([
      '+',
      '-',
      '*',
      '/',
      '>',
      '== bool',
      '< bool',
      'and',
      'unless',
      'or',
    ])
    const [left, right] = [this.#rate(), this.#rate()]
    const set = operator === 'and' || operator === 'or' || operator === 'unless'
    return this.#pick([
      () => `sum by (job) (${left}) ${operator} sum by (job) (${right})`,
      () =>
        `sum by (job, instance) (${left}) ${operator} ignoring (instance)${set ? '' : ' group_left'} sum by (job) (${right})`,
      () =>
        `sum by (job) (${left}) ${operator} on (job)${set ? '' : ' group_right (host_name)'} ${this.#pick(GAUGES)}`,
      () => `${left} ${operator} ${right}`,
    ])()
  }

  #overSubquery(inner: string): string {
    const call = this.#pick(['max_over_time', 'avg_over_time', 'deriv', 'count_over_time'])
    return `${call}((${inner})[${this.#pick(['2m', '3m'])}:${this.#pick(['', '15s', '40s'])}])`
  }

  #labels(): string {
    const inner = this.#leaf()
    return this.#pick([
      () => `label_replace(${inner}, "short", "$1-x", "host_name", "host-(.).*")`,
      () => `label_join(${inner}, "both", "/", "job", "instance")`,
      () => `sum by (short) (label_replace(${inner}, "short", "$1", "job", "(..).*"))`,
    ])()
  }

  #rare(): string {
    return this.#pick([
      () => `absent(${this.#pick(GAUGES)}{job="nobody", instance="1"})`,
      () => `absent_over_time(${this.#selector(GAUGES)}[1m])`,
      () => `scalar(sum(${this.#leaf()})) + vector(time())`,
      () => `timestamp(${this.#selector(GAUGES)})`,
      () => `hour(timestamp(${this.#selector(GAUGES)}))`,
      () => `sum by (__name__, job) ({__name__=~"nodejs_eventloop_delay_.*", instance="1"})`,
      () => `${this.#pick(GAUGES)} @ end() - ${this.#pick(GAUGES)} offset 1m`,
      () => `sort_desc(${this.#selector(GAUGES)})`,
    ])()
  }

  #native(): string {
    const rate = `rate(batch_size[${this.#pick(RANGES)}])`
    return this.#pick([
      () => `histogram_quantile(${this.#part()}, ${rate})`,
      () => `histogram_avg(sum by (job) (${rate}))`,
      () => `histogram_fraction(1, 4, sum(${rate}))`,
      () => `histogram_count(${rate}) / histogram_sum(${rate})`,
      () => `sum by (job) (${rate})`,
    ])()
  }

  #part(): string {
    return this.#pick(['0', '0.25', '0.5', '0.95', '1'])
  }

  #number(): string {
    return this.#pick(['0', '0.5', '1', '3', '100', '-2'])
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random() * items.length)]!
  }
}
