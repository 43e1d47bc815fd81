import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml'

export type YamlPath = readonly (string | number)[]

/** One thing that is wrong in a file; `path` is where in its tree, such as `webhooks[0].url`. */
export interface YamlProblem {
  readonly line: number
  readonly column: number
  readonly path: string
  readonly message: string
}

/** A parsed YAML file that knows where each of its values stands. */
export interface YamlSource {
  readonly fileName: string
  readonly document: Document.Parsed
  /** The problem `message` at the value of `path`, or at its key. */
  readonly problemAt: (path: YamlPath, message: string, at?: 'key' | 'value') => YamlProblem
}

/**
 * YAML text with its positions, or the syntax errors that it has. With `scalars: 'text'` every scalar stays
 * the text that was written, as Go's YAML gives it to a field of type string.
 */
export function readYaml(
  text: string,
  fileName: string,
  { scalars = 'typed' }: { readonly scalars?: 'typed' | 'text' } = {},
): { readonly source: YamlSource; readonly problems: readonly YamlProblem[] } {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    logLevel: 'error',
    schema: scalars === 'text' ? 'failsafe' : 'core',
  })
  const place = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const source: YamlSource = {
    fileName,
    document,
    problemAt: (path, message, at = 'value') => ({
      ...place(offsetOf(document, path, at)),
      path: formatPath(path),
      message,
    }),
  }
  const problem = (offset: number, message: string) => ({ ...place(offset), path: '', message })
  const problems = document.errors.map((error) =>
    problem(error.pos[0], `cannot read YAML: ${error.message}`),
  )
  visit(document, {
    Pair(_, { key }) {
      // A map or list as a key has no name that a message or a schema could use.
      if (isNode(key) && !isScalar(key) && !isAlias(key)) {
        problems.push(
          problem(startOf(key) ?? 0, 'expected a plain key, got a map or a list as one'),
        )
      }
    },
  })
  return { source, problems }
}

/** `a.b[0].c` for `['a', 'b', 0, 'c']`. */
export function formatPath(path: YamlPath): string {
  let text = ''
  for (const step of path) {
    text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`
  }
  return text
}

/** `file:line:column: path: message`, the form in which editors find the place. */
export function formatProblem(fileName: string, problem: YamlProblem): string {
  const path = problem.path === '' ? '' : `${problem.path}: `
  const text = `${path}${problem.message}`.replace(/\s*\n\s*/g, ' ')
  return `${fileName}:${problem.line}:${problem.column}: ${text}`
}

/** Where the value (or key) of `path` starts; a missing one is at the nearest parent that exists. */
function offsetOf(document: Document.Parsed, path: YamlPath, at: 'key' | 'value'): number {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const [index, step] of path.entries()) {
    const last = index === path.length - 1
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && keyText(item.key) === String(step))
      if (pair === undefined) return offset
      node = pair.value
      const keyOffset = startOf(pair.key)
      offset = (last && at === 'key' ? keyOffset : (startOf(node) ?? keyOffset)) ?? offset
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      offset = startOf(node) ?? offset
    } else return offset
  }
  return offset
}

function keyText(key: unknown): string {
  return String(isScalar(key) ? key.value : key)
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? ((node as Node).range?.[0] ?? undefined) : undefined
}
