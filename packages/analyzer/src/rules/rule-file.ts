import { z } from 'zod'
import { duration, field, number, text } from '../config/fields.ts'
import { schemaProblems } from '../config/schema-problems.ts'
import {
  formatProblem,
  readYaml,
  type YamlPath,
  type YamlProblem,
  type YamlSource,
} from '../config/yaml-source.ts'
import { ChokepointError } from '../model/errors.ts'
import type { Labels } from '../model/labels.ts'
import type { Severity } from '../model/severity.ts'
import { holdExpression } from './hold-expression.ts'
import { compileTemplate } from './template.ts'

// All of kube-prometheus, the largest set of rules in the field, is under a million characters.
const FILE_LENGTH_MAX = 4_000_000

/** Raises an alert for each label set of its expression's answer. */
export interface AlertingRule {
  readonly kind: 'alerting'
  readonly name: string
  readonly expression: string
  readonly forMs: number
  readonly keepFiringForMs: number
  readonly labels: Labels
  /** Templates, by annotation name. */
  readonly annotations: Labels
  /** The level at which an alert ends, where it differs from the one at which it begins. */
  readonly resolveThreshold?: number
  /** How long the values of a label set are learned before it may raise an alert. */
  readonly learnForMs?: number
  /** While severer alerts of these, of the same figure, fire, those of this rule stay pending. */
  readonly yieldsTo?: readonly Severity[]
}

/** Keeps the answer of its expression as series of a new name. */
export interface RecordingRule {
  readonly kind: 'recording'
  readonly name: string
  readonly expression: string
  readonly labels: Labels
}

export type Rule = AlertingRule | RecordingRule

/** Rules that are evaluated one after the other, at one instant. */
export interface RuleGroup {
  readonly file: string
  readonly name: string
  /** Absent: the interval of the configuration. */
  readonly intervalMs?: number
  /** The most alerts or series that one rule may give; 0 is no limit. */
  readonly limit: number
  /** How far in the past the rules look; absent: as the configuration says. */
  readonly queryOffsetMs?: number
  readonly rules: readonly Rule[]
}

/** Throws when a text is not PromQL. */
export type ParseFunc = (expression: string) => void

const whole = (min: number) =>
  field(`a whole number of at least ${min}`, (value) => {
    const read = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : undefined
    return read !== undefined && read >= min ? read : undefined
  })

/** A map that may be written as nothing, as Go's YAML reads a key without a value. */
const emptyAs =
  <Empty>(empty: Empty) =>
  (value: unknown) =>
    value === '' || value === 'null' || value === '~' ? empty : value

const anyText = field('a text', (value) => (typeof value === 'string' ? value : undefined))
const textMap = z.preprocess(emptyAs({}), z.record(z.string(), anyText))

const RULE = z.strictObject({
  record: text.optional(),
  alert: text.optional(),
  expr: text,
  for: duration.optional(),
  keep_firing_for: duration.optional(),
  labels: textMap.optional(),
  annotations: textMap.optional(),
  resolve_threshold: number('a level', Number.NEGATIVE_INFINITY).optional(),
  learn_for: duration.optional(),
})

const GROUP = z.strictObject({
  name: text,
  interval: duration.optional(),
  limit: whole(0).optional(),
  query_offset: duration.optional(),
  labels: textMap.optional(),
  rules: z.preprocess(emptyAs([]), z.array(RULE)).default([]),
})

const RULE_FILE = z.preprocess(
  (value) => value ?? {},
  z.strictObject({ groups: z.preprocess(emptyAs([]), z.array(GROUP)).default([]) }),
)

type RuleNode = z.output<typeof RULE>

/**
 * The groups of a Prometheus rule file. Throws `RULES_INVALID` with every problem of the file, one a line,
 * as `file:line:column: path: expected …, got …`.
 */
export function parseRuleFile(
  text: string,
  fileName: string,
  { parse }: { readonly parse: ParseFunc },
): readonly RuleGroup[] {
  if (text.length > FILE_LENGTH_MAX) {
    throw invalid(
      `${fileName}:1:1: expected at most ${FILE_LENGTH_MAX} characters, got ${text.length}`,
    )
  }
  const { source, problems } = readYaml(text, fileName, { scalars: 'text' })
  refuse(fileName, problems)
  const parsed = RULE_FILE.safeParse(plainValue(source))
  if (!parsed.success) {
    refuse(fileName, schemaProblems(source, RULE_FILE, parsed.error, new Map()))
    throw invalid(`${fileName}: ${parsed.error.message}`)
  }
  const found: YamlProblem[] = []
  const names = new Set<string>()
  const groups = parsed.data.groups.map((group, groupIndex): RuleGroup => {
    const path = ['groups', groupIndex]
    if (names.has(group.name)) {
      found.push(
        source.problemAt(
          [...path, 'name'],
          `expected a group name used once, got ${JSON.stringify(group.name)} again`,
        ),
      )
    }
    names.add(group.name)
    found.push(...labelProblems(source, [...path, 'labels'], group.labels ?? {}))
    for (const [index, rule] of group.rules.entries()) {
      found.push(...ruleProblems(source, [...path, 'rules', index], rule, parse))
    }
    return {
      file: fileName,
      name: group.name,
      ...(group.interval ? { intervalMs: group.interval } : {}),
      ...(group.query_offset === undefined ? {} : { queryOffsetMs: group.query_offset }),
      limit: group.limit ?? 0,
      rules: group.rules.map((rule) => toRule(rule, group.labels ?? {})),
    }
  })
  refuse(fileName, found)
  return groups
}

function toRule(rule: RuleNode, groupLabels: Labels): Rule {
  const labels = { ...groupLabels, ...rule.labels }
  if (rule.record !== undefined) {
    return { kind: 'recording', name: rule.record, expression: rule.expr, labels }
  }
  return {
    kind: 'alerting',
    name: rule.alert ?? '',
    expression: rule.expr,
    forMs: rule.for ?? 0,
    keepFiringForMs: rule.keep_firing_for ?? 0,
    labels,
    annotations: rule.annotations ?? {},
    ...(rule.resolve_threshold === undefined ? {} : { resolveThreshold: rule.resolve_threshold }),
    ...(rule.learn_for ? { learnForMs: rule.learn_for } : {}),
  }
}

/** What the schema cannot see: which keys go together, and whether texts are PromQL or templates. */
function ruleProblems(
  source: YamlSource,
  path: YamlPath,
  rule: RuleNode,
  parse: ParseFunc,
): readonly YamlProblem[] {
  const problems: YamlProblem[] = []
  const problem = (key: string, message: string) =>
    problems.push(source.problemAt([...path, key], message))
  const tried = (key: string, what: string, attempt: () => void) => {
    try {
      attempt()
    } catch (error) {
      problem(key, `expected ${what}, got an error: ${(error as Error).message}`)
    }
  }
  if (rule.record === undefined && rule.alert === undefined) {
    problems.push(source.problemAt(path, 'expected alert or record, got neither'))
  } else if (rule.record !== undefined && rule.alert !== undefined) {
    problem('record', 'expected alert or record, got both')
  } else if (rule.record !== undefined) {
    if (!isMetricName(rule.record)) {
      problem('record', `expected a metric name, got ${JSON.stringify(rule.record)}`)
    }
    for (const key of ['for', 'keep_firing_for', 'annotations', 'resolve_threshold', 'learn_for']) {
      if (rule[key as keyof RuleNode] !== undefined) {
        problem(key, `expected no ${key} in a recording rule, got one`)
      }
    }
  }
  tried('expr', 'PromQL', () => parse(rule.expr))
  if (rule.resolve_threshold !== undefined || rule.learn_for !== undefined) {
    const key = rule.resolve_threshold === undefined ? 'learn_for' : 'resolve_threshold'
    tried(key, 'an expression that it fits', () => {
      parse(holdExpression(rule.expr, rule.resolve_threshold ?? 0))
    })
  }
  problems.push(...labelProblems(source, [...path, 'labels'], rule.labels ?? {}))
  for (const map of ['labels', 'annotations'] as const) {
    for (const [name, value] of Object.entries(rule[map] ?? {})) {
      if (map === 'annotations' && !isLabelName(name)) {
        problems.push(
          source.problemAt(
            [...path, map, name],
            `expected an annotation name, got ${JSON.stringify(name)}`,
            'key',
          ),
        )
      }
      if (rule.record !== undefined) continue
      try {
        compileTemplate(value)
      } catch (error) {
        problems.push(
          source.problemAt(
            [...path, map, name],
            `expected a template, got an error: ${(error as Error).message}`,
          ),
        )
      }
    }
  }
  return problems
}

function labelProblems(source: YamlSource, path: YamlPath, labels: Labels): readonly YamlProblem[] {
  return Object.keys(labels)
    .filter((name) => !isLabelName(name) || name === '__name__')
    .map((name) =>
      source.problemAt(
        [...path, name],
        `expected a label name, got ${JSON.stringify(name)}`,
        'key',
      ),
    )
}

// Prometheus 3 takes any UTF-8 text as a name; only the empty one and broken surrogates are refused.
function isMetricName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !/[{}\n]/.test(name)
}

function isLabelName(name: string): boolean {
  return name !== '' && name.isWellFormed()
}

function plainValue(source: YamlSource): unknown {
  try {
    const value: unknown = source.document.toJS()
    return value === '' ? undefined : value
  } catch (error) {
    throw invalid(`${source.fileName}:1:1: cannot read YAML: ${(error as Error).message}`)
  }
}

function refuse(fileName: string, problems: readonly YamlProblem[]): void {
  if (problems.length === 0) return
  throw invalid(problems.map((problem) => formatProblem(fileName, problem)).join('\n'))
}

function invalid(message: string): ChokepointError {
  return new ChokepointError('RULES_INVALID', message)
}
