import { type PromqlError, parseError } from '../errors.ts'
import { findFunction } from '../functions/catalog.ts'
import { quote } from '../go-format.ts'
import { describeToken, type Token, tokenize } from './tokens.ts'

const OPENING: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }
const UNCLOSED: Readonly<Record<string, string>> = {
  '(': 'unclosed left parenthesis',
  '[': 'unexpected end of input in duration expression',
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
  if (tokens.length === 1) {
    return parseError(text, { start: 0, end: 0 }, 'no expression found in input')
  }
  for (const token of tokens) {
    const inBraces = open.at(-1)?.text === '{'
    const error = inBraces ? errorInBraces(text, token) : errorOutside(text, token)
    if (error !== undefined) return error
    if (token.kind !== 'symbol') continue
    if (token.text === '(' || token.text === '[' || token.text === '{') open.push(token)
    else if (token.text in OPENING && open.pop()?.text !== OPENING[token.text]) {
      // Prometheus' lexer is past a parenthesis when it finds that it has no partner.
      const start = token.text === ')' ? token.end : token.start
      return parseError(text, { start, end: token.end }, UNEXPECTED[token.text]!)
    }
  }
  const unclosed = open.at(-1)
  if (unclosed === undefined) return undefined
  const end = { start: text.length, end: text.length }
  return parseError(text, end, UNCLOSED[unclosed.text]!)
}

function errorInBraces(text: string, token: Token): PromqlError | undefined {
  const fail = (at: number) =>
    parseError(
      text,
      { start: at, end: token.end },
      `unexpected character inside braces: '${text[at]}'`,
    )
  if (token.kind === 'number' || token.kind === 'duration') return fail(token.start)
  if (token.kind === 'word' && token.text.includes(':')) {
    return fail(token.start + token.text.indexOf(':'))
  }
  if (token.kind !== 'symbol') return undefined
  if (isQuote(token.text)) return unterminated(text, token)
  return BRACE_SYMBOLS.has(token.text) ? undefined : fail(token.start)
}

function errorOutside(text: string, token: Token): PromqlError | undefined {
  if (token.kind === 'number' || token.kind === 'duration') return numberError(text, token)
  if (token.kind !== 'symbol') return undefined
  if (isQuote(token.text)) return unterminated(text, token)
  if (token.text === '=~' || token.text === '!~') {
    return parseError(text, token, `unexpected character after '${token.text[0]}': '~'`)
  }
  if (SYMBOLS.has(token.text)) return undefined
  return parseError(text, token, `unexpected character: '${token.text}'`)
}

const DURATION = /^(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/

/** A number that runs on into a word, or a duration whose units stand in the wrong order. */
function numberError(text: string, token: Token): PromqlError | undefined {
  const next = text[token.end]
  if (next !== undefined && /[\w.]/.test(next)) {
    return parseError(text, token, `bad number or duration syntax: "${token.text}${next}"`)
  }
  if (token.kind === 'duration' && !DURATION.test(token.text)) {
    return parseError(text, token, `not a valid duration string: "${token.text}"`)
  }
  return undefined
}

function unterminated(text: string, token: Token): PromqlError {
  const what = token.text === '`' ? 'unterminated raw string' : 'unterminated quoted string'
  return parseError(text, token, what)
}

function isQuote(char: string): boolean {
  return char === '"' || char === "'" || char === '`'
}

const BRACE_SYMBOLS = new Set(['=', '==', '!=', '=~', '!~', ',', '}', '{'])
const SYMBOLS = new Set([
  ...['+', '-', '*', '/', '%', '^', '==', '!=', '>', '<', '>=', '<=', '</', '>/', '='],
  ...['@', ',', ':', '(', ')', '[', ']', '{'],
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
  if (token.text === ')' && before?.text === ',' && !isGrouping(tokens, at)) {
    return parseError(text, before, 'trailing commas not allowed in function call args')
  }
  if (token.text === '==' && tokens[enclosing(tokens, at) ?? -1]?.text === '{') {
    // Within braces these are two tokens.
    const second = { start: token.start + 1, end: token.end }
    return parseError(text, second, 'unexpected "=" in label matching, expected string')
  }
  const { context, expected } = surroundings(tokens, at)
  const inContext = context === '' ? '' : ` in ${context}`
  const wanted = expected === '' ? '' : `, expected ${expected}`
  return parseError(text, token, `unexpected ${describeToken(token)}${inContext}${wanted}`)
}

function isGrouping(tokens: readonly Token[], at: number): boolean {
  const opened = enclosing(tokens, at)
  return opened !== undefined && GROUPING_WORDS.has(tokens[opened - 1]?.text.toLowerCase() ?? '')
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
