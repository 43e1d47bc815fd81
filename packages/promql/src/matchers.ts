import type { LabelSet } from './label-set.ts'
import { compileRegex } from './regex.ts'
import type { Matcher } from './series-source.ts'

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
