import { quote } from '../go-format.ts'
/** A token as Prometheus' lexer cuts the text, only as far as error messages need it. */
export interface Token {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly kind: 'end' | 'number' | 'duration' | 'string' | 'word' | 'symbol'
}

/** What the groups of the pattern are, in order. */
const KINDS = ['space', 'duration', 'number', 'string', 'word', 'symbol'] as const
const PATTERN =
  /(\s+|#[^\n]*)|(\d+(?:ms|[ywdhms])(?:\d+(?:ms|[ywdhms]))*)|(0[xX][0-9a-fA-F]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)|([a-zA-Z_:][\w:]*)|(==|!=|=~|!~|>=|<=|<\/|>\/|.)/sy

/** The tokens of a query, without white space and comments; the last one is its end. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  PATTERN.lastIndex = 0
  while (PATTERN.lastIndex < text.length) {
    const start = PATTERN.lastIndex
    const found = PATTERN.exec(text)!
    const kind = KINDS.find((_, index) => found[index + 1] !== undefined)!
    if (kind === 'space') continue
    tokens.push({ text: found[0], start, end: PATTERN.lastIndex, kind })
  }
  tokens.push({ text: '', start: text.length, end: text.length, kind: 'end' })
  return tokens
}

const KEYWORDS = new Set(
  'and or unless atan2 offset by without on ignoring group_left group_right bool smoothed anchored fill fill_left fill_right start end step range max_of min_of'.split(
    ' ',
  ),
)
const AGGREGATES = new Set(
  'sum avg count min max group stddev stdvar topk bottomk count_values quantile limitk limit_ratio'.split(
    ' ',
  ),
)
const OPERATORS = new Set([
  ...['+', '-', '*', '%', '/', '==', '!=', '<=', '<', '>=', '>'],
  ...['=~', '!~', '^', '</', '>/', '@'],
])

/** Names a token as Prometheus' messages do: `identifier "x"`, `<op:+>`, `end of input`. */
export function describeToken(token: Token): string {
  const { text } = token
  switch (token.kind) {
    case 'end':
      return 'end of input'
    case 'number':
      return `number ${quote(text)}`
    case 'duration':
      return `duration ${quote(text)}`
    case 'string':
      return `string ${quote(text)}`
    case 'word': {
      const lower = text.toLowerCase()
      if (AGGREGATES.has(lower)) return `<aggr:${lower}>`
      if (KEYWORDS.has(lower)) {
        return lower === 'and' || lower === 'or' || lower === 'unless' || lower === 'atan2'
          ? `<op:${lower}>`
          : `<${lower}>`
      }
      return `${text.includes(':') ? 'metric identifier' : 'identifier'} ${quote(text)}`
    }
    case 'symbol':
      return OPERATORS.has(text) ? `<op:${text}>` : quote(text)
  }
}
