import { unquote } from '@chokepoint/promql'

/** A piece of the inside of `{{ … }}`. */
export interface TemplateToken {
  readonly kind: 'word' | 'field' | 'variable' | 'number' | 'text' | 'sign' | 'char' | 'end'
  /** The token as it is meant: a text without its quotes, a field without its dot. */
  readonly text: string
  readonly offset: number
  /** True when white space stands before it: `$x .y` are two operands, `$x.y` is one. */
  readonly spaced: boolean
}

/** Literal text of a template, or the tokens of one action. */
export type TemplatePiece =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: readonly TemplateToken[]; readonly offset: number }

/** An error in a template, with its place as `line:column`. */
export function templateError(text: string, offset: number, message: string): SyntaxError {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  const column = offset - before.lastIndexOf('\n')
  return new SyntaxError(`template:${line}:${column}: ${message}`)
}

/** Cuts a template into literal text and actions; `{{-` and `-}}` trim white space as in Go. */
export function lexTemplate(text: string): readonly TemplatePiece[] {
  const pieces: TemplatePiece[] = []
  let position = 0
  let trimNext = false
  while (position <= text.length) {
    const open = text.indexOf('{{', position)
    let literal = text.slice(position, open === -1 ? text.length : open)
    if (trimNext) literal = literal.trimStart()
    // Go trims only when the minus is followed by white space: `{{-3}}` is the number -3.
    const trimHere = open !== -1 && /^-\s/.test(text.slice(open + 2, open + 4))
    if (trimHere) literal = literal.trimEnd()
    if (literal !== '') pieces.push({ kind: 'literal', text: literal })
    if (open === -1) break
    const inside = open + (trimHere ? 3 : 2)
    const action = lexAction(text, inside)
    if (action.tokens.length > 1) {
      pieces.push({ kind: 'action', tokens: action.tokens, offset: open })
    }
    position = action.end
    trimNext = action.trim
  }
  return pieces
}

const TOKEN =
  /(?<space>\s+)|(?<field>\.[\p{L}_][\p{L}\p{N}_]*)|(?<variable>\$[\p{L}\p{N}_]*)|(?<number>[+-]?(?:0x[\da-f_]+|(?:\d[\d_]*\.?[\d_]*|\.\d+)(?:e[+-]?\d+)?))|(?<word>[\p{L}_][\p{L}\p{N}_]*)|(?<text>"(?:[^"\\\n]|\\.)*")|(?<raw>`[^`]*`)|(?<char>'(?:[^'\\\n]|\\.)+')|(?<sign>:=|[=|(),.])/iuy

function lexAction(
  text: string,
  start: number,
): { readonly tokens: readonly TemplateToken[]; readonly end: number; readonly trim: boolean } {
  const comment = /\s*\/\*[\s\S]*?\*\/\s*?(\s-)?\}\}/y
  comment.lastIndex = start
  const commented = comment.exec(text)
  if (commented !== null) {
    return { tokens: [], end: comment.lastIndex, trim: commented[1] !== undefined }
  }
  const tokens: TemplateToken[] = []
  let position = start
  let spaced = true
  for (;;) {
    const trim = /\s-\}\}/y
    trim.lastIndex = position
    const closes = text.startsWith('}}', position)
    if (closes || trim.test(text)) {
      tokens.push({ kind: 'end', text: '}}', offset: position, spaced })
      return { tokens, end: position + (closes ? 2 : 4), trim: !closes }
    }
    TOKEN.lastIndex = position
    const match = TOKEN.exec(text)
    if (match === null) {
      const what =
        position >= text.length
          ? 'unclosed action'
          : `unexpected ${JSON.stringify(text[position])} in an action`
      throw templateError(text, Math.min(position, text.length), what)
    }
    const token = toToken(match, text, position, spaced)
    if (token !== undefined) tokens.push(token)
    spaced = token === undefined
    position = TOKEN.lastIndex
  }
}

function toToken(
  match: RegExpExecArray,
  source: string,
  offset: number,
  spaced: boolean,
): TemplateToken | undefined {
  const { field, variable, number, word, text, raw, char, sign } = match.groups as Readonly<
    Record<string, string | undefined>
  >
  const token = (kind: TemplateToken['kind'], value: string) => ({
    kind,
    text: value,
    offset,
    spaced,
  })
  if (field !== undefined) return token('field', field.slice(1))
  if (variable !== undefined) return token('variable', variable)
  if (number !== undefined) return token('number', number.replaceAll('_', ''))
  if (word !== undefined) return token('word', word)
  if (text !== undefined) return token('text', unquoted(text, source, offset))
  if (raw !== undefined) return token('text', raw.slice(1, -1))
  if (char !== undefined) return token('char', unquoted(char, source, offset))
  return sign === undefined ? undefined : token('sign', sign)
}

function unquoted(quoted: string, source: string, offset: number): string {
  const text = unquote(quoted)
  if (text === undefined) throw templateError(source, offset, `unknown escape in ${quoted}`)
  return text
}
