import { isPair, isScalar, isSeq, visit } from 'yaml'
import { formatPath, type YamlPath, type YamlProblem, type YamlSource } from './yaml-source.ts'

/** Environment variables by name, as `process.env` gives them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** `$$`, `${NAME}` or `${NAME:-default}`. */
const REFERENCE = /\$\$|\$\{([^}]*)\}/g
const NAME_AND_DEFAULT = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s

/**
 * Puts environment variables into the values of a file, in place: `${NAME}`, `${NAME:-default}`, and `$$`
 * for a dollar sign. Gives the values that were changed, by path, with their text as written, so that a
 * message can name the reference and not the secret behind it.
 */
export function expandEnvironment(
  source: YamlSource,
  environment: Environment,
): { readonly written: ReadonlyMap<string, string>; readonly problems: readonly YamlProblem[] } {
  const written = new Map<string, string>()
  const problems: YamlProblem[] = []
  visit(source.document, {
    Scalar(key, node, ancestors) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('$')) return
      const path = pathOf(ancestors, key)
      const text = node.value
      node.value = text.replace(REFERENCE, (reference: string, inner: string | undefined) => {
        if (inner === undefined) return '$'
        const match = NAME_AND_DEFAULT.exec(inner)
        if (match === null) {
          problems.push(
            source.problemAt(path, `expected an environment variable's name, got ${reference}`),
          )
          return ''
        }
        const value = environment[match[1] as string] ?? match[2]
        if (value === undefined) {
          problems.push(
            source.problemAt(
              path,
              `expected the environment variable ${match[1]} to be set, got ${reference}`,
            ),
          )
        }
        return value ?? ''
      })
      if (node.value !== text) written.set(formatPath(path), text)
    },
  })
  return { written, problems }
}

/** The path of a scalar from the nodes above it: maps name their pair, lists their index. */
function pathOf(ancestors: readonly unknown[], key: number | string | null): YamlPath {
  const path: (string | number)[] = []
  for (const [index, ancestor] of ancestors.entries()) {
    const below = ancestors[index + 1]
    if (isPair(ancestor)) path.push(String(isScalar(ancestor.key) ? ancestor.key.value : ''))
    else if (isSeq(ancestor)) {
      path.push(below === undefined ? Number(key) : ancestor.items.indexOf(below))
    }
  }
  return path
}
