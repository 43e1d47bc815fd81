import type { LabelSet } from './label-set.ts'
import type { Matcher } from './series-source.ts'

/**
 * A test for values against a regular expression as Prometheus writes them: anchored at both ends,
 * `.` matches newlines too. RE2's inline flags `(?i)`, `(?s)` and `(?m)` at the start are understood,
 * and RE2's named groups `(?P<name>…)`. Throws a SyntaxError when the pattern is malformed.
 */
export function compileRegex(pattern: string): RegExp {
  let flags = 's'
  let source = pattern
  const inline = /^\(\?([ims]+)\)/.exec(source)
  if (inline) {
    source = source.slice(inline[0].length)
    for (const flag of inline[1]!) if (!flags.includes(flag)) flags += flag
  }
  source = source.replaceAll('(?P<', '(?<')
  try {
    return new RegExp(`^(?:${source})$`, `${flags}u`)
  } catch {
    // RE2 allows escapes of punctuation that the strict `u` mode refuses.
    return new RegExp(`^(?:${source})$`, flags)
  }
}

/** A test of label sets against all the matchers at once; expressions are compiled here, once. */
export function compileMatchers(matchers: readonly Matcher[]): (labels: LabelSet) => boolean {
  const tests = matchers.map(compileMatcher)
  return (labels) => tests.every((test) => test(labels))
}

/** A test of one value: used where the matcher's own label is already looked up. */
export function compileValueTest(matcher: Matcher): (value: string) => boolean {
  const wanted = matcher.value
  switch (matcher.type) {
    case '=':
      return (value) => value === wanted
    case '!=':
      return (value) => value !== wanted
    case '=~': {
      const regex = compileRegex(wanted)
      return (value) => regex.test(value)
    }
    case '!~': {
      const regex = compileRegex(wanted)
      return (value) => !regex.test(value)
    }
  }
}

function compileMatcher(matcher: Matcher): (labels: LabelSet) => boolean {
  const test = compileValueTest(matcher)
  const name = matcher.name
  return (labels) => test(labels.get(name))
}
