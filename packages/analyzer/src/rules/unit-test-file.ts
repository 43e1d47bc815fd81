import { z } from 'zod'
import { duration, field, text } from '../config/fields.ts'
import { schemaProblems } from '../config/schema-problems.ts'
import { formatProblem, readYaml, type YamlProblem } from '../config/yaml-source.ts'
import { ChokepointError } from '../model/errors.ts'

const anyText = field('a text', (value) => (typeof value === 'string' ? value : undefined))
const textMap = z.preprocess(
  (value) => (value === '' || value === 'null' || value === '~' ? {} : value),
  z.record(z.string(), anyText),
)
const decimal = field('a number', (value) => {
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const lower = value.toLowerCase()
  if (/^[+-]?\.?inf$/.test(lower)) return lower.startsWith('-') ? -Infinity : Infinity
  if (/^\.?nan$/.test(lower)) return Number.NaN
  const read = Number(value)
  return Number.isNaN(read) ? undefined : read
})
const flag = field('true or false', (value) =>
  value === 'true' ? true : value === 'false' ? false : undefined,
)
function list<Item extends z.ZodType>(item: Item) {
  return z
    .preprocess((value) => (value === '' || value === 'null' ? [] : value), z.array(item))
    .default([])
}

const TEST_GROUP = z.strictObject({
  name: anyText.optional(),
  interval: duration.optional(),
  input_series: list(z.strictObject({ series: text, values: anyText })),
  alert_rule_test: list(
    z.strictObject({
      eval_time: duration,
      alertname: text,
      exp_alerts: list(
        z.strictObject({ exp_labels: textMap.default({}), exp_annotations: textMap.default({}) }),
      ),
    }),
  ),
  promql_expr_test: list(
    z.strictObject({
      expr: text,
      eval_time: duration,
      exp_samples: list(
        z.strictObject({
          labels: anyText.default('{}'),
          value: decimal.default(0),
          histogram: anyText.default(''),
        }),
      ),
    }),
  ),
  external_labels: textMap.default({}),
  external_url: anyText.default(''),
})

const UNIT_TEST_FILE = z.preprocess(
  (value) => (value === '' || value === null || value === undefined ? {} : value),
  z.strictObject({
    rule_files: list(text),
    evaluation_interval: duration.optional(),
    group_eval_order: list(text),
    fuzzy_compare: flag.default(false),
    tests: list(TEST_GROUP),
  }),
)

/** A file of rule tests in promtool's format; durations are milliseconds. */
export type UnitTestFile = z.output<typeof UNIT_TEST_FILE>
export type UnitTestGroup = UnitTestFile['tests'][number]

/** Reads a file of rule tests. Throws `RULES_INVALID` with every problem of the file, one a line. */
export function parseUnitTestFile(content: string, fileName: string): UnitTestFile {
  const { source, problems } = readYaml(content, fileName, { scalars: 'text' })
  refuse(fileName, problems)
  const parsed = UNIT_TEST_FILE.safeParse(source.document.toJS())
  if (parsed.success) return parsed.data
  refuse(fileName, schemaProblems(source, UNIT_TEST_FILE, parsed.error, new Map()))
  throw new ChokepointError('RULES_INVALID', `${fileName}: ${parsed.error.message}`)
}

function refuse(fileName: string, problems: readonly YamlProblem[]): void {
  if (problems.length === 0) return
  const lines = problems.map((problem) => formatProblem(fileName, problem))
  throw new ChokepointError('RULES_INVALID', lines.join('\n'))
}
