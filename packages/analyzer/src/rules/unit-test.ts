import { LabelSet, type NativeHistogram, noteHistogram, parseHistogram } from '@chokepoint/promql'
import { formatDuration } from '../config/duration.ts'
import type { Alert } from '../model/alert.ts'
import type { Labels } from '../model/labels.ts'
import type { QueryFunc } from '../model/query.ts'
import { labelKey } from './label-key.ts'
import type { RecordFunc } from './rule-context.ts'
import { type ParseFunc, parseRuleFile, type RuleGroup } from './rule-file.ts'
import { createRuleManager, type RuleManager } from './rule-manager.ts'
import { formatLabels, parseSeriesLabels, parseSeriesValues } from './series-notation.ts'
import { printNumber } from './template-value.ts'
import { parseUnitTestFile, type UnitTestFile, type UnitTestGroup } from './unit-test-file.ts'

/** One element of an answer: a number, or a native histogram. */
export interface TestSample {
  readonly labels: Labels
  readonly value: number | NativeHistogram
}

/** An empty store with an engine over it; each test group gets one of its own. */
export interface UnitTestWorld {
  readonly record: RecordFunc
  readonly query: QueryFunc
  /** Adds a sample of the input, of any kind. */
  readonly load: (
    name: string,
    labels: Labels,
    timeMs: number,
    value: number | NativeHistogram | 'stale',
  ) => void
  /** As `query`, but with native histograms. */
  readonly ask: (expression: string, atMs: number) => readonly TestSample[]
}

/** What rule tests are run with. */
export interface UnitTestOptions {
  readonly parse: ParseFunc
  readonly createWorld: () => UnitTestWorld
  /** The files that a pattern of `rule_files` names, seen from the test file, sorted. */
  readonly findFiles: (pattern: string) => readonly string[]
  readonly readFile: (file: string) => string
}

/** What came of one file of tests: nothing in `failures` when all passed. */
export interface UnitTestResult {
  readonly tests: number
  /** In promtool's words, several lines each. */
  readonly failures: readonly string[]
}

const DEFAULT_INTERVAL_MS = 60_000

/** Runs a file of rule tests as `promtool test rules` does. */
export function runUnitTests(
  content: string,
  fileName: string,
  options: UnitTestOptions,
): UnitTestResult {
  let file: UnitTestFile
  let groups: readonly RuleGroup[]
  try {
    file = parseUnitTestFile(content, fileName)
    groups = inOrder(readRules(file, options), file.group_eval_order)
  } catch (error) {
    return { tests: 0, failures: [(error as Error).message] }
  }
  const failures: string[] = []
  for (const group of file.tests) {
    const prefix = group.name === undefined ? '' : `    name: ${group.name},\n`
    try {
      failures.push(...runGroup(group, file, groups, options).map((failure) => prefix + failure))
    } catch (error) {
      failures.push(`${prefix}    ${(error as Error).message}`)
    }
  }
  return { tests: file.tests.length, failures }
}

/** The report of one file, as promtool prints it. */
export function formatUnitTestResult(fileName: string, { failures }: UnitTestResult): string {
  const lines = failures.length === 0 ? ['  SUCCESS'] : ['  FAILED:', ...failures]
  return [`Unit Testing:  ${fileName}`, ...lines, ''].join('\n')
}

function readRules(file: UnitTestFile, { parse, findFiles, readFile }: UnitTestOptions) {
  return file.rule_files.flatMap((pattern) => {
    const found = findFiles(pattern)
    if (found.length === 0) throw new Error(`cannot find a rule file by ${JSON.stringify(pattern)}`)
    return found.flatMap((name) => parseRuleFile(readFile(name), name, { parse }))
  })
}

function inOrder(groups: readonly RuleGroup[], order: readonly string[]): readonly RuleGroup[] {
  const known = new Set(groups.map(({ name }) => name))
  const missing = order.find((name) => !known.has(name))
  if (missing !== undefined) {
    throw new Error(
      `group_eval_order names ${JSON.stringify(missing)}, which is no group of the rule files`,
    )
  }
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length)
  return [...groups].sort((a, b) => rank(a.name) - rank(b.name))
}

/** Loads the series, evaluates all rules at each step and compares what there is at the asked times. */
function runGroup(
  test: UnitTestGroup,
  file: UnitTestFile,
  groups: readonly RuleGroup[],
  options: UnitTestOptions,
): readonly string[] {
  const evaluationMs = file.evaluation_interval || DEFAULT_INTERVAL_MS
  const world = options.createWorld()
  loadSeries(test, test.interval || evaluationMs, world)
  const manager = createRuleManager({
    // promtool evaluates every group at every step, whatever its own interval is.
    groups: groups.map((group) => ({ ...group, intervalMs: evaluationMs })),
    query: world.query,
    record: world.record,
    onTransition: () => undefined,
    externalLabels: test.external_labels,
    externalUrl: test.external_url,
    stopwatch: () => 0,
  })
  const asked = [...test.alert_rule_test, ...test.promql_expr_test].map(
    ({ eval_time }) => eval_time,
  )
  const endMs = Math.max(0, ...asked)
  const failures: string[] = []
  const alertTests = [...test.alert_rule_test].sort((a, b) => a.eval_time - b.eval_time)
  for (let nowMs = 0; nowMs <= endMs; nowMs += evaluationMs) {
    manager.evaluate(nowMs)
    failures.push(...brokenRules(manager, nowMs))
    if (failures.length > 0) return failures
    while (alertTests[0] !== undefined && alertTests[0].eval_time < nowMs + evaluationMs) {
      failures.push(...compareAlerts(alertTests.shift() as AlertTest, manager.alerts()))
    }
  }
  for (const expected of test.promql_expr_test) {
    failures.push(...compareSamples(expected, world.ask, file.fuzzy_compare))
  }
  return failures
}

type AlertTest = UnitTestGroup['alert_rule_test'][number]
type ExpressionTest = UnitTestGroup['promql_expr_test'][number]

function loadSeries(test: UnitTestGroup, intervalMs: number, { load }: UnitTestWorld): void {
  for (const { series, values } of test.input_series) {
    const { __name__: name = '', ...labels } = parseSeriesLabels(series)
    for (const [index, value] of parseSeriesValues(values).entries()) {
      if (value !== undefined) load(name, labels, index * intervalMs, value)
    }
  }
}

function brokenRules(manager: RuleManager, nowMs: number): readonly string[] {
  return manager
    .ruleGroups()
    .flatMap(({ rules }) => rules)
    .filter(({ health }) => health === 'err')
    .map(
      ({ name, query, lastError }) =>
        `    rule: ${name}, time: ${formatDuration(nowMs)}, err: ${lastError} (${query})`,
    )
}

function compareAlerts(test: AlertTest, alerts: readonly Alert[]): readonly string[] {
  const expected = test.exp_alerts.map(({ exp_labels, exp_annotations }) => ({
    labels: withoutEmpty({ ...exp_labels, alertname: test.alertname }),
    annotations: exp_annotations,
  }))
  const got = alerts.filter(({ name, state }) => name === test.alertname && state === 'firing')
  const expectedLines = describeAlerts(expected)
  const gotLines = describeAlerts(got)
  if (expectedLines.join('\n') === gotLines.join('\n')) return []
  return [
    `    alertname: ${test.alertname}, time: ${formatDuration(test.eval_time)}, \n` +
      `        exp:${inBrackets(expectedLines)}, \n        got:${inBrackets(gotLines)}`,
  ]
}

function describeAlerts(
  alerts: readonly { readonly labels: Labels; readonly annotations: Labels }[],
): readonly string[] {
  return alerts
    .map(({ labels, annotations }) => ({
      labels: formatLabels(labels),
      annotations: formatLabels(annotations),
    }))
    .sort((a, b) => (a.labels + a.annotations < b.labels + b.annotations ? -1 : 1))
    .map(
      ({ labels, annotations }, index) =>
        `            ${index}:\n              Labels:${labels}\n              Annotations:${annotations}`,
    )
}

function inBrackets(lines: readonly string[]): string {
  return lines.length === 0 ? '[]' : `[\n${lines.join('\n')}\n            ]`
}

function compareSamples(
  test: ExpressionTest,
  ask: UnitTestWorld['ask'],
  fuzzy: boolean,
): readonly string[] {
  const head = `    expr: ${JSON.stringify(test.expr)}, time: ${formatDuration(test.eval_time)},`
  let got: readonly TestSample[]
  let expected: readonly TestSample[]
  try {
    got = ask(test.expr, test.eval_time)
    expected = test.exp_samples.map(({ labels, value, histogram }) => ({
      labels: parseSeriesLabels(labels),
      value: histogram === '' ? value : notedHistogram(histogram),
    }))
  } catch (error) {
    return [`${head} err: ${(error as Error).message}`]
  }
  const [sortedExpected, sortedGot] = [byLabels(expected), byLabels(got)]
  const equal =
    sortedExpected.length === sortedGot.length &&
    sortedExpected.every((sample, index) =>
      sameSample(sample, sortedGot[index] as TestSample, fuzzy),
    )
  if (equal) return []
  return [
    `${head}\n        exp: ${describeSamples(sortedExpected)}\n        got: ${describeSamples(sortedGot)}`,
  ]
}

function notedHistogram(text: string): NativeHistogram {
  const inside = /^\s*\{\{(.*)\}\}\s*$/s.exec(text)?.[1]
  if (inside !== undefined) return parseHistogram(inside)
  throw new SyntaxError(`cannot read the histogram ${JSON.stringify(text)}: expected {{…}}`)
}

function byLabels(samples: readonly TestSample[]): readonly TestSample[] {
  const keyed = samples.map((sample) => ({ key: labelKey(sample.labels), sample }))
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ sample }) => sample)
}

function sameSample(a: TestSample, b: TestSample, fuzzy: boolean): boolean {
  if (labelKey(a.labels) !== labelKey(b.labels)) return false
  if (typeof a.value === 'number' && typeof b.value === 'number') {
    return sameValue(a.value, b.value, fuzzy)
  }
  return describeValue(a.value) === describeValue(b.value)
}

function sameValue(a: number, b: number, fuzzy: boolean): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true
  // promtool's `fuzzy_compare` allows the last bits to differ; the formula is that of its tests.
  const size = Math.abs(a) + Math.abs(b)
  return fuzzy && Math.abs(a - b) / Math.min(size, Number.MAX_VALUE) < 1e-12
}

/** Go's `FormatFloat(v, 'E', -1, 64)`, such as `1.2E+01`. */
function printExponent(value: number): string {
  if (!Number.isFinite(value)) return printNumber(value)
  const [digits = '', power = ''] = value.toExponential().split('e')
  return `${Object.is(value, -0) ? '-0' : digits}E${power[0]}${power.slice(1).padStart(2, '0')}`
}

function describeValue(value: number | NativeHistogram): string {
  return typeof value === 'number' ? printExponent(value) : noteHistogram(value)
}

function describeSamples(samples: readonly TestSample[]): string {
  if (samples.length === 0) return 'nil'
  return samples
    .map(({ labels, value }) => `${LabelSet.of(labels)} ${describeValue(value)}`)
    .join(', ')
}

function withoutEmpty(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''))
}
