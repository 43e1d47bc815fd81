import { type PromqlError, parseError } from '../errors.ts'
import { findFunction } from '../functions/catalog.ts'
import { quote } from '../go-format.ts'
import { describeToken, type Token, tokenize } from './tokens.ts'

const OPENING: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }
const UNCLOSED: Readonly<Record<string, string>> = {
  '(': 'unclosed left parenthesis',
  '[': 'unclosed left bracket',
  '{': 'unexpected end of input inside braces',
}
const UNEXPECTED: Readonly<Record<string, string>> = {
  ')': "unexpected right parenthesis ')'",
  ']': "unexpected right bracket ']'",
  '}': "unexpected right brace '}'",
}

/** What the text's characters alone rule out: strings and brackets that do not close, odd characters. */
export function lexicalError(text: string): PromqlError | undefined {
  const open: Token[] = []
  const tokens = tokenize(text)
  if (tokens.length === 1)
    return parseError(text, { start: 0, end: 0 }, 'no expression found in input')
  for (const token of tokens) {
    if (token.kind !== 'symbol') continue
    const char = token.text
    const inBraces = open.at(-1)?.text === '{'
    if (char === '"' || char === "'" || char === '`') {
      return parseError(text, token, 'unterminated quoted string')
    }
    if (char === '(' || char === '[' || char === '{') open.push(token)
    else if (char in OPENING) {
      if (open.pop()?.text !== OPENING[char]) return parseError(text, token, UNEXPECTED[char]!)
    } else if (inBraces ? !BRACE_SYMBOLS.has(char) : !SYMBOLS.has(char)) {
      const where = inBraces ? ' inside braces' : ''
      return parseError(text, token, `unexpected character${where}: '${char}'`)
    }
  }
  const unclosed = open.at(-1)
  if (unclosed === undefined) return undefined
  const end = { start: text.length, end: text.length }
  return parseError(text, end, UNCLOSED[unclosed.text]!)
}

const BRACE_SYMBOLS = new Set(['=', '!=', '=~', '!~', ','])
const SYMBOLS = new Set([
  ...['+', '-', '*', '/', '%', '^', '==', '!=', '>', '<', '>=', '<=', '</', '>/', '=', '=~', '!~'],
  ...['@', ',', ':'],
])

/** The error for a query whose syntax breaks at or after an offset. */
export function syntaxError(text: string, offset: number): PromqlError {
  const tokens = tokenize(text)
  const at = tokens.findIndex((token) => token.end > offset || token.kind === 'end')
  const token = tokens[at]!
  const before = tokens[at - 1]
  if (token.text === '(' && before?.kind === 'word' && findFunction(before.text) === undefined) {
    return parseError(text, before, `unknown function with name ${quote(before.text)}`)
  }
  const { context, expected } = surroundings(tokens, at)
  const inContext = context === '' ? '' : ` in ${context}`
  const wanted = expected === '' ? '' : `, expected ${expected}`
  return parseError(text, token, `unexpected ${describeToken(token)}${inContext}${wanted}`)
}

interface Surroundings {
  readonly context: string
  readonly expected: string
}

/** What the tokens before say about where the error is, in the words of Prometheus' grammar. */
function surroundings(tokens: readonly Token[], at: number): Surroundings {
  const before = tokens[at - 1]
  const word = before?.text.toLowerCase() ?? ''
  if (GROUPING_WORDS.has(word)) return { context: 'grouping opts', expected: '"("' }
  if (word === 'offset') {
    return { context: 'offset', expected: 'number, duration, step(), or range()' }
  }
  if (word === '@') return { context: '@', expected: 'timestamp' }
  if (AGGREGATE_WORDS.has(word)) return { context: 'aggregation', expected: '' }
  const opened = enclosing(tokens, at)
  if (opened === undefined) return { context: '', expected: '' }
  const opener = tokens[opened]!
  if (opener.text === '{') return braces(before!)
  if (opener.text === '[') return brackets(tokens, opened, at)
  const keyword = tokens[opened - 1]?.text.toLowerCase() ?? ''
  if (GROUPING_WORDS.has(keyword)) {
    const afterLabel = before!.text !== '(' && before!.text !== ','
    return { context: 'grouping opts', expected: afterLabel ? '"," or ")"' : 'label' }
  }
  return { context: '', expected: '' }
}

const GROUPING_WORDS = new Set(['by', 'without', 'on', 'ignoring'])
const AGGREGATE_WORDS = new Set(
  'sum avg count min max group stddev stdvar topk bottomk count_values quantile limitk limit_ratio'.split(
    ' ',
  ),
)

function braces(before: Token): Surroundings {
  if (before.text === '{' || before.text === ',') {
    return { context: 'label matching', expected: 'identifier or "}"' }
  }
  if (before.kind === 'word') {
    return { context: 'label matching', expected: 'label matching operator' }
  }
  if (before.kind === 'string') return { context: 'label matching', expected: '"," or "}"' }
  return { context: 'label matching', expected: 'string' }
}

function brackets(tokens: readonly Token[], opened: number, at: number): Surroundings {
  const colon = tokens.slice(opened, at).some((token) => token.text === ':')
  if (colon) {
    const afterColon = tokens[at - 1]!.text === ':'
    const expected = afterColon ? 'number, duration, step(), range(), or "]"' : '"]"'
    return { context: 'subquery selector', expected }
  }
  if (at === opened + 1) {
    return {
      context: 'subquery or range selector',
      expected: 'number, duration, step(), or range()',
    }
  }
  return { context: 'subquery or range', expected: '":" or "]"' }
}

/** The index of the innermost bracket that is open before a token. */
function enclosing(tokens: readonly Token[], at: number): number | undefined {
  let closed = 0
  for (let index = at - 1; index >= 0; index--) {
    const { text } = tokens[index]!
    if (text in OPENING) closed++
    else if (text === '(' || text === '[' || text === '{') {
      if (closed === 0) return index
      closed--
    }
  }
  return undefined
}
