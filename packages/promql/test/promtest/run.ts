import {
  childrenOf,
  createEngine,
  type Engine,
  type Expr,
  MemorySource,
  parse,
  print,
  type QueryResult,
} from '@chokepoint/promql'
import { differenceOf, fits } from './compare.ts'
import { load } from './load.ts'
import { type EvalCommand, parseScript } from './script.ts'

/** One eval of a script, and what is wrong with it. */
export interface CaseOutcome {
  readonly line: number
  readonly expr: string
  /** Undefined when the case passes. */
  readonly failure: string | undefined
}

/**
 * Runs a script as Prometheus' own test does: every instant query also at other times with `@` on
 * its selectors, and each of these as the middle step of a range query.
 */
export function runScript(text: string, engine: Engine = testEngine()): CaseOutcome[] {
  const source = new MemorySource()
  const outcomes: CaseOutcome[] = []
  for (const command of parseScript(text)) {
    if (command.kind === 'clear') source.clear()
    else if (command.kind === 'load') load(command, source)
    else {
      const failure = runEval(engine, source, command)
      outcomes.push({ line: command.line, expr: command.expr, failure })
    }
  }
  return outcomes
}

/** The engine that Prometheus' suite is written for: everything experimental on. */
export function testEngine(): Engine {
  return createEngine({ experimental: true })
}

function runEval(engine: Engine, source: MemorySource, command: EvalCommand): string | undefined {
  if (command.stepMs !== undefined) {
    const { startMs, endMs, stepMs } = command
    return judge(command, () => engine.range(source, command.expr, startMs, endMs, stepMs))
  }
  const own = { expr: command.expr, atMs: command.startMs, how: '' }
  for (const { expr, atMs, how } of [own, ...withAtModifiers(command)]) {
    const failure =
      judge(command, () => engine.instant(source, expr, atMs)) ??
      judgeRange(engine, source, command, expr, atMs)
    if (failure !== undefined) return how === '' ? failure : `${how} ${expr}: ${failure}`
  }
  return undefined
}

function judge(
  command: EvalCommand,
  evaluate: () => Omit<QueryResult, 'samples'>,
): string | undefined {
  let result: Omit<QueryResult, 'samples'>
  try {
    result = evaluate()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    if (error.name !== 'PromqlError') return `crashed: ${error.stack}`
    if (command.fail === undefined) return `failed: ${error.message}`
    if (/parse error/.test(error.message)) return `expected an evaluation error: ${error.message}`
    return fits(command.fail, error.message) ? undefined : `other error: ${error.message}`
  }
  if (command.fail !== undefined) return 'expected the query to fail'
  return differenceOf(command, result)
}

const CONTEXT_FUNCTIONS = /\b(?:range|step|start|end)\s*\(/

function judgeRange(
  engine: Engine,
  source: MemorySource,
  command: EvalCommand,
  expr: string,
  atMs: number,
): string | undefined {
  const excluded =
    command.fail !== undefined ||
    command.text !== undefined ||
    command.rangeVector !== undefined ||
    command.ordered ||
    CONTEXT_FUNCTIONS.test(expr)
  if (excluded) return undefined
  const failure = judge(
    { ...command, warnings: [], infos: [], noWarnings: false, noInfos: false },
    () => {
      const { value } = engine.range(source, expr, atMs - 60_000, atMs + 60_000, 60_000)
      return { value: middleOf(command, value.series, atMs), warnings: [], infos: [] }
    },
  )
  return failure === undefined ? undefined : `in range mode: ${failure}`
}

function middleOf(
  command: EvalCommand,
  series: ReturnType<Engine['range']>['value']['series'],
  timeMs: number,
): QueryResult['value'] {
  const samples = series.flatMap((one) => {
    const float = one.times.indexOf(timeMs)
    const histogram = one.histogramTimes.indexOf(timeMs)
    if (float !== -1) return [{ labels: one.labels, value: one.values[float]! }]
    if (histogram === -1) return []
    return [{ labels: one.labels, value: 0, histogram: one.histograms[histogram]! }]
  })
  if (command.scalar !== undefined) {
    return { type: 'scalar', timeMs, value: samples[0]?.value ?? Number.NaN }
  }
  return { type: 'vector', timeMs, samples }
}

const UNSAFE = new Set([
  ...['days_in_month', 'day_of_month', 'day_of_week', 'day_of_year', 'hour', 'minute', 'month'],
  ...['year', 'predict_linear', 'time', 'timestamp', 'start', 'end', 'range', 'step'],
])

/** The query with its instant fixed by `@`, which must give the same at any time. */
function withAtModifiers(command: EvalCommand): { expr: string; atMs: number; how: string }[] {
  if (command.fail !== undefined) return []
  const atMs = command.startMs
  let tree: Expr
  try {
    tree = parse(command.expr, { experimental: true })
  } catch {
    // The query as it stands has been judged already.
    return []
  }
  if (callsUnsafe(tree)) return []
  const expr = print(fixAt(tree, atMs))
  const times =
    atMs === 0 ? [-1000, 0, 1000] : [-10 * atMs, 0, Math.trunc(atMs / 5), atMs, 10 * atMs]
  return times.map((time) => ({ expr, atMs: time, how: `at ${time}` }))
}

function callsUnsafe(expr: Expr): boolean {
  if (expr.kind === 'call' && UNSAFE.has(expr.fn.name)) return true
  return childrenOf(expr).some(callsUnsafe)
}

function fixAt(expr: Expr, atMs: number): Expr {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return expr
    case 'vector':
    case 'subquery':
      // What stands in a subquery with an instant of its own moves with it.
      return expr.at === undefined ? { ...expr, at: atMs } : expr
    case 'matrix':
      if (expr.vector.at !== undefined) return expr
      return { ...expr, vector: { ...expr.vector, at: atMs } }
    case 'call':
      return {
        ...expr,
        // The second argument of info is a selector that is not evaluated.
        args: expr.args.map((arg, i) =>
          expr.fn.name === 'info' && i === 1 ? arg : fixAt(arg, atMs),
        ),
      }
    case 'aggregate': {
      const param = expr.param === undefined ? undefined : fixAt(expr.param, atMs)
      return { ...expr, expr: fixAt(expr.expr, atMs), param }
    }
    case 'binary':
      return { ...expr, left: fixAt(expr.left, atMs), right: fixAt(expr.right, atMs) }
    case 'unary':
    case 'paren':
      return { ...expr, expr: fixAt(expr.expr, atMs) }
  }
}
