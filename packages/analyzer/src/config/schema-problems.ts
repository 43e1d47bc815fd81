import { isSeq } from 'yaml'
import type { z } from 'zod'
import { nearestWord } from './nearest-word.ts'
import { formatPath, type YamlPath, type YamlProblem, type YamlSource } from './yaml-source.ts'

/** Keys whose values never appear in a message. */
const SECRET_PATH = /secret|token|routingKey|headers|url/i

/**
 * What a schema says about a file, as problems with places. `written` has the values that came from
 * environment variables, which are shown as they were written.
 */
export function schemaProblems(
  source: YamlSource,
  schema: z.ZodType,
  error: z.ZodError,
  written: ReadonlyMap<string, string>,
): readonly YamlProblem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey(source, schema, path, key))
    }
    return [
      source.problemAt(path, `${expectation(issue)}, got ${shownValue(source, path, written)}`),
    ]
  })
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'custom') return issue.message
  if (issue.code === 'invalid_type') {
    return `expected ${{ object: 'a map', array: 'a list', record: 'a map' }[issue.expected as string] ?? issue.expected}`
  }
  if (issue.code === 'too_small') return `expected at least ${issue.minimum} item`
  return `expected another value (${issue.message})`
}

function unknownKey(
  source: YamlSource,
  schema: z.ZodType,
  path: YamlPath,
  key: string,
): YamlProblem {
  const known = knownKeys(schema, path)
  const nearest = nearestWord(key, known)
  const hint =
    nearest === undefined ? `the keys here are ${known.join(', ')}` : `did you mean ${nearest}?`
  return source.problemAt([...path, key], `expected a known key, got ${key}; ${hint}`, 'key')
}

/** A value as a message shows it: short, and without secrets. */
function shownValue(
  source: YamlSource,
  path: YamlPath,
  written: ReadonlyMap<string, string>,
): string {
  const value = source.document.getIn(path)
  const above = path.slice(0, -1)
  // A list or map that was written as its only value has no place inside it.
  if (value === undefined && path.length > 0 && isScalarAt(source, above)) {
    return shownValue(source, above, written)
  }
  if (value === undefined) return 'nothing'
  const text = written.get(formatPath(path))
  if (text !== undefined)
    return `the value of ${text} (a text of ${String(value).length} characters)`
  if (value !== null && typeof value === 'object') return isSeq(value) ? 'a list' : 'a map'
  if (typeof value !== 'string') return String(value)
  if (SECRET_PATH.test(formatPath(path))) return `a text of ${value.length} characters`
  return value.length > 60 ? `${JSON.stringify(value.slice(0, 60))}…` : JSON.stringify(value)
}

function isScalarAt(source: YamlSource, path: YamlPath): boolean {
  const value = source.document.getIn(path)
  return value !== undefined && (value === null || typeof value !== 'object')
}

interface SchemaNode {
  readonly def?: {
    readonly shape?: Readonly<Record<string, SchemaNode>>
    readonly innerType?: SchemaNode
    readonly element?: SchemaNode
    readonly valueType?: SchemaNode
    readonly in?: SchemaNode
    readonly out?: SchemaNode
  }
}

/** The keys that the schema has at a path, seen through defaults, lists and transforms. */
function knownKeys(schema: z.ZodType, path: YamlPath): readonly string[] {
  let node = objectOf(schema as SchemaNode)
  for (const step of path) {
    const next = typeof step === 'number' ? node?.def?.element : node?.def?.shape?.[step]
    node = objectOf(next ?? node?.def?.valueType)
  }
  return Object.keys(node?.def?.shape ?? {})
}

/** The object or list schema that a wrapper (default, nullable, pipe, preprocess) holds. */
function objectOf(node: SchemaNode | undefined): SchemaNode | undefined {
  if (node?.def === undefined) return undefined
  const { shape, element, valueType, innerType, in: input, out: output } = node.def
  if (shape !== undefined || element !== undefined || valueType !== undefined) return node
  return objectOf(innerType) ?? objectOf(input) ?? objectOf(output)
}
