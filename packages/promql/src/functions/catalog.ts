import type { ValueType } from '../value-type.ts'

/** What a function takes and gives. */
export interface FunctionSignature {
  readonly name: string
  readonly args: readonly ValueType[]
  readonly returns: ValueType
  /** How many arguments of the last type may be left out (1) or follow (more); 0 is a fixed count. */
  readonly variadic: number
  readonly experimental: boolean
}

interface RowOptions {
  readonly variadic?: number
  readonly experimental?: boolean
}

const V = 'vector'
const M = 'matrix'
const S = 'scalar'
const T = 'string'

// One row a function; its work is in the file of its family, beside this one.
// https://prometheus.io/docs/prometheus/latest/querying/functions/
const ROWS: readonly FunctionSignature[] = [
  row('abs', [V], V),
  row('absent', [V], V),
  row('absent_over_time', [M], V),
  row('acos', [V], V),
  row('acosh', [V], V),
  row('asin', [V], V),
  row('asinh', [V], V),
  row('atan', [V], V),
  row('atanh', [V], V),
  row('avg_over_time', [M], V),
  row('ceil', [V], V),
  row('changes', [M], V),
  row('clamp', [V, S, S], V),
  row('clamp_max', [V, S], V),
  row('clamp_min', [V, S], V),
  row('cos', [V], V),
  row('cosh', [V], V),
  row('count_over_time', [M], V),
  row('day_of_month', [V], V, { variadic: 1 }),
  row('day_of_week', [V], V, { variadic: 1 }),
  row('day_of_year', [V], V, { variadic: 1 }),
  row('days_in_month', [V], V, { variadic: 1 }),
  row('deg', [V], V),
  row('delta', [M], V),
  row('deriv', [M], V),
  row('double_exponential_smoothing', [M, S, S], V, { experimental: true }),
  row('end', [], S, { experimental: true }),
  row('exp', [V], V),
  row('first_over_time', [M], V),
  row('floor', [V], V),
  row('histogram_avg', [V], V),
  row('histogram_count', [V], V),
  row('histogram_fraction', [S, S, V], V),
  row('histogram_quantile', [S, V], V),
  row('histogram_quantiles', [V, T, S, S], V, { variadic: 9, experimental: true }),
  row('histogram_stddev', [V], V),
  row('histogram_stdvar', [V], V),
  row('histogram_sum', [V], V),
  row('hour', [V], V, { variadic: 1 }),
  row('idelta', [M], V),
  row('increase', [M], V),
  row('info', [V, V], V, { variadic: 1, experimental: true }),
  row('irate', [M], V),
  row('label_join', [V, T, T, T], V, { variadic: Infinity }),
  row('label_replace', [V, T, T, T, T], V),
  row('last_over_time', [M], V),
  row('ln', [V], V),
  row('log10', [V], V),
  row('log2', [V], V),
  row('mad_over_time', [M], V, { experimental: true }),
  row('max_of', [S, S], S, { experimental: true }),
  row('max_over_time', [M], V),
  row('min_of', [S, S], S, { experimental: true }),
  row('min_over_time', [M], V),
  row('minute', [V], V, { variadic: 1 }),
  row('month', [V], V, { variadic: 1 }),
  row('pi', [], S),
  row('predict_linear', [M, S], V),
  row('present_over_time', [M], V),
  row('quantile_over_time', [S, M], V),
  row('rad', [V], V),
  row('range', [], S, { experimental: true }),
  row('rate', [M], V),
  row('resets', [M], V),
  row('round', [V, S], V, { variadic: 1 }),
  row('scalar', [V], S),
  row('sgn', [V], V),
  row('sin', [V], V),
  row('sinh', [V], V),
  row('sort', [V], V),
  row('sort_by_label', [V, T], V, { variadic: Infinity, experimental: true }),
  row('sort_by_label_desc', [V, T], V, { variadic: Infinity, experimental: true }),
  row('sort_desc', [V], V),
  row('sqrt', [V], V),
  row('start', [], S, { experimental: true }),
  row('start_timestamp', [V], V, { experimental: true }),
  row('stddev_over_time', [M], V),
  row('stdvar_over_time', [M], V),
  row('step', [], S, { experimental: true }),
  row('sum_over_time', [M], V),
  row('tan', [V], V),
  row('tanh', [V], V),
  row('time', [], S),
  row('timestamp', [V], V),
  row('ts_of_first_over_time', [M], V, { experimental: true }),
  row('ts_of_last_over_time', [M], V, { experimental: true }),
  row('ts_of_max_over_time', [M], V, { experimental: true }),
  row('ts_of_min_over_time', [M], V, { experimental: true }),
  row('vector', [S], V),
  row('year', [V], V, { variadic: 1 }),
]

const BY_NAME = new Map(ROWS.map((signature) => [signature.name, signature]))

/** The function of a name, if there is one. */
export function findFunction(name: string): FunctionSignature | undefined {
  return BY_NAME.get(name)
}

/** Every function's signature, ordered by name: for completion in editors and for documentation. */
export function listFunctions(): readonly FunctionSignature[] {
  return ROWS
}

function row(
  name: string,
  args: readonly ValueType[],
  returns: ValueType,
  options: RowOptions = {},
): FunctionSignature {
  return {
    name,
    args,
    returns,
    variadic: options.variadic ?? 0,
    experimental: options.experimental ?? false,
  }
}
