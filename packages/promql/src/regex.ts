import { RE2JS, RE2JSSyntaxException } from 're2js'

/** What a regular expression found: the whole match, its groups by number and by name. */
export interface RegexMatch {
  readonly [group: number]: string | undefined
  readonly groups?: Readonly<Record<string, string | undefined>> | undefined
}

/** A regular expression in RE2's syntax, anchored at both ends; `.` matches newlines too. */
export interface Regex {
  test(value: string): boolean
  exec(value: string): RegexMatch | null
}

/** More runs without a bound than this may make a backtracking engine slow. */
const UNBOUNDED_MAX = 3

/**
 * Compiles a regular expression as Prometheus does. The syntax and the matching are RE2's, in time
 * linear in the value, so that no query hangs; the simple patterns that most queries have run on
 * the faster native engine, which agrees on them. Throws a SyntaxError when the pattern is malformed.
 */
export function compileRegex(pattern: string): Regex {
  if (isSimple(pattern)) {
    try {
      return new RegExp(`^(?:${pattern})$`, 'su')
    } catch {
      // The stricter syntax of the native engine refuses some escapes that RE2 knows.
    }
  }
  return new LinearRegex(pattern)
}

/** A regular expression in RE2's syntax that is looked for anywhere in a text, in time linear in the text. */
export class RegexSearch {
  readonly #compiled: RE2JS
  readonly #names: readonly (readonly [name: string, group: number])[]

  /** Throws a SyntaxError when the pattern is malformed. */
  constructor(pattern: string) {
    this.#compiled = compileLinear(pattern)
    this.#names = Object.entries(this.#compiled.namedGroups())
  }

  /** Whether it matches somewhere in the text. */
  test(text: string): boolean {
    return this.#compiled.matcher(text).find()
  }

  /** The text with every match replaced. */
  replaceAll(text: string, replace: (match: RegexMatch) => string): string {
    const matcher = this.#compiled.matcher(text)
    let replaced = ''
    let end = 0
    while (matcher.find()) {
      const found: Record<number, string | undefined> = {}
      for (let i = 0; i <= matcher.groupCount(); i++) found[i] = matcher.group(i) ?? undefined
      const groups = Object.fromEntries(this.#names.map(([name, group]) => [name, found[group]]))
      replaced += text.slice(end, matcher.start()) + replace({ ...found, groups })
      end = matcher.end()
    }
    return replaced + text.slice(end)
  }
}

function compileLinear(pattern: string, around = (inside: string) => inside): RE2JS {
  try {
    // Alone first, so that an error speaks of the pattern and not of what is put around it.
    const alone = RE2JS.compile(pattern)
    const whole = around(pattern)
    return whole === pattern ? alone : RE2JS.compile(whole)
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) throw new SyntaxError(error.message)
    throw error
  }
}

class LinearRegex implements Regex {
  readonly #compiled: RE2JS

  constructor(pattern: string) {
    this.#compiled = compileLinear(pattern, (inside) => `^(?s:${inside})$`)
  }

  test(value: string): boolean {
    return this.#compiled.test(value)
  }

  exec(value: string): RegexMatch | null {
    const found = this.#compiled.exec(value)
    if (found === null) return null
    const groups: Record<string, string | undefined> = {}
    for (const [name, index] of Object.entries(this.#compiled.namedGroups())) {
      groups[name] = found[index] ?? undefined
    }
    return { ...found, groups }
  }
}

/**
 * Whether both engines agree on a pattern and neither is slow: literals, classes, alternatives,
 * groups that do not repeat, and few unbounded runs.
 */
function isSimple(pattern: string): boolean {
  let unbounded = 0
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!
    if (char === '\\') {
      if (!/[.\\/+*?()|[\]{}^$dDwW-]/.test(pattern[++i] ?? '')) return false
    } else if (char === '[') {
      const end = simpleClassEnd(pattern, i)
      if (end === undefined) return false
      i = end
    } else if (char === '(') {
      if (pattern[i + 1] === '?' && pattern[i + 2] !== ':') return false
      if (pattern[i + 1] === '?') i += 2
    } else if (char === ')') {
      if (/[*+{]/.test(pattern[i + 1] ?? '')) return false
    } else if (char === '*' || char === '+') {
      if (++unbounded > UNBOUNDED_MAX || /[*+?{]/.test(pattern[i + 1] ?? '')) return false
    } else if (char === '{' || char === '}' || char === '^' || char === '$' || char === ']') {
      return false
    }
  }
  return true
}

/** The end of a class of plain characters and ranges; undefined when it holds anything else. */
function simpleClassEnd(pattern: string, start: number): number | undefined {
  const match = /^\[\^?[\w .:/@,;=%#_-]+\]/.exec(pattern.slice(start))
  return match === null || match[0].includes('[:') ? undefined : start + match[0].length - 1
}
