import { TEMPLATE_FUNCTIONS } from './template-functions.ts'
import {
  lexTemplate,
  type TemplatePiece,
  type TemplateToken,
  templateError,
} from './template-lex.ts'
import type {
  Block,
  Command,
  Operand,
  ParsedTemplate,
  Pipeline,
  TemplateNode,
} from './template-tree.ts'

// A Prometheus rule nests two or three deep; the bound keeps a hostile file off the stack.
const DEPTH_MAX = 100

/** Variables that Prometheus puts before every template of a rule. */
const RULE_VARIABLES = ['$', '$labels', '$externalLabels', '$externalURL', '$value']

/** Reads a template. Throws a `SyntaxError` with line and column. */
export function parseTemplate(text: string): ParsedTemplate {
  const parser = new TemplateParser(text, lexTemplate(text))
  return parser.parse()
}

class TemplateParser {
  readonly #text: string
  readonly #pieces: readonly TemplatePiece[]
  #piece = 0
  #tokens: readonly TemplateToken[] = []
  #token = 0
  #depth = 0
  #loops = 0
  #variables: string[] = [...RULE_VARIABLES]
  readonly #defined = new Map<string, Block>()

  constructor(text: string, pieces: readonly TemplatePiece[]) {
    this.#text = text
    this.#pieces = pieces
  }

  parse(): ParsedTemplate {
    const { block, end } = this.#block()
    if (end !== 'eof') throw this.#error(`unexpected {{${end}}}`)
    return { body: block, defined: this.#defined }
  }

  /** Reads nodes up to `{{end}}`, `{{else}}` or the end of the text, and says which. */
  #block(): { readonly block: Block; readonly end: 'end' | 'else' | 'eof' } {
    if (++this.#depth > DEPTH_MAX) throw this.#error(`more than ${DEPTH_MAX} levels of nesting`)
    const scope = this.#variables.length
    const nodes: TemplateNode[] = []
    let end: 'end' | 'else' | 'eof' = 'eof'
    while (this.#piece < this.#pieces.length) {
      const piece = this.#pieces[this.#piece++] as TemplatePiece
      if (piece.kind === 'literal') {
        nodes.push(piece)
        continue
      }
      this.#tokens = piece.tokens
      this.#token = 0
      const word = this.#peek().kind === 'word' ? this.#peek().text : ''
      if (word === 'end' || word === 'else') {
        this.#token++
        end = word
        break
      }
      const node = this.#action(word)
      if (node !== undefined) nodes.push(node)
    }
    this.#variables.length = scope
    this.#depth--
    return { block: { nodes }, end }
  }

  #action(word: string): TemplateNode | undefined {
    switch (word) {
      case 'if':
      case 'with':
      case 'range':
        this.#token++
        return this.#branch(word)
      case 'break':
      case 'continue':
        this.#token++
        if (this.#loops === 0) throw this.#error(`{{${word}}} outside {{range}}`)
        this.#close()
        return { kind: word }
      case 'define':
      case 'block':
        this.#token++
        return this.#define(word)
      case 'template': {
        this.#token++
        const name = this.#name()
        return { kind: 'template', name, pipeline: this.#atEnd() ? undefined : this.#pipeline() }
      }
      default:
        return this.#assignment() ?? { kind: 'output', pipeline: this.#pipeline() }
    }
  }

  #assignment(): TemplateNode | undefined {
    const [variable, sign] = [this.#peek(), this.#peek(1)]
    if (variable.kind !== 'variable' || sign.kind !== 'sign') return undefined
    if (sign.text !== ':=' && sign.text !== '=') return undefined
    this.#token += 2
    const declares = sign.text === ':='
    if (!declares) this.#known(variable)
    const pipeline = this.#pipeline()
    if (declares) this.#variables.push(variable.text)
    return { kind: 'assign', name: variable.text, declares, pipeline }
  }

  #branch(kind: 'if' | 'with' | 'range'): TemplateNode {
    const scope = this.#variables.length
    const names = this.#branchNames(kind)
    const pipeline = this.#pipeline()
    this.#variables.push(...names)
    if (kind === 'range') this.#loops++
    const { block: body, end } = this.#block()
    if (kind === 'range') this.#loops--
    let otherwise: Block = { nodes: [] }
    if (end === 'else') otherwise = this.#otherwise()
    else if (end === 'eof') throw this.#error(`{{${kind}}} without {{end}}`)
    else this.#close()
    this.#variables.length = scope
    return { kind, names, pipeline, body, otherwise }
  }

  /** What follows `{{else`: the rest of a chain (`{{else if x}}`) or the last block. */
  #otherwise(): Block {
    const next = this.#peek()
    if (next.kind === 'word' && (next.text === 'if' || next.text === 'with')) {
      this.#token++
      if (++this.#depth > DEPTH_MAX) throw this.#error(`more than ${DEPTH_MAX} levels of nesting`)
      const node = this.#branch(next.text)
      this.#depth--
      return { nodes: [node] }
    }
    this.#close()
    const { block, end } = this.#block()
    if (end !== 'end')
      throw this.#error(end === 'else' ? 'a second {{else}}' : '{{else}} without {{end}}')
    this.#close()
    return block
  }

  /** `$x :=` before a branch's pipeline, or `$i, $x :=` before that of a range. */
  #branchNames(kind: string): readonly string[] {
    const [first, sign] = [this.#peek(), this.#peek(1)]
    if (first.kind !== 'variable' || sign.kind !== 'sign') return []
    if (sign.text === ':=') {
      this.#token += 2
      return [first.text]
    }
    const [second, assigned] = [this.#peek(2), this.#peek(3)]
    if (
      kind !== 'range' ||
      sign.text !== ',' ||
      second.kind !== 'variable' ||
      assigned.text !== ':='
    ) {
      return []
    }
    this.#token += 4
    return [first.text, second.text]
  }

  #define(word: 'define' | 'block'): TemplateNode | undefined {
    const name = this.#name()
    const pipeline = word === 'block' ? this.#pipeline() : undefined
    if (word === 'define') this.#close()
    const variables = this.#variables
    // A defined template sees nothing of its surroundings but what it is given.
    this.#variables = [...RULE_VARIABLES]
    const { block, end } = this.#block()
    this.#variables = variables
    if (end !== 'end') throw this.#error(`{{${word}}} without {{end}}`)
    this.#close()
    this.#defined.set(name, block)
    return word === 'block' ? { kind: 'template', name, pipeline } : undefined
  }

  #name(): string {
    const token = this.#next()
    if (token.kind !== 'text') throw this.#error('a template name in quotes was expected', token)
    return token.text
  }

  #pipeline(): Pipeline {
    const pipeline = this.#commands()
    this.#close()
    return pipeline
  }

  #commands(): Pipeline {
    if (++this.#depth > DEPTH_MAX) throw this.#error(`more than ${DEPTH_MAX} levels of nesting`)
    const { offset } = this.#peek()
    const commands: Command[] = [this.#command()]
    while (this.#peek().text === '|' && this.#peek().kind === 'sign') {
      this.#token++
      commands.push(this.#command())
    }
    this.#depth--
    return { commands, offset }
  }

  #command(): Command {
    const operands: Operand[] = []
    for (;;) {
      const operand = this.#operand(operands.length === 0)
      if (operand === undefined) break
      operands.push(operand)
    }
    const [first, ...rest] = operands
    if (first === undefined) throw this.#error('missing value', this.#peek())
    if (rest.length > 0 && first.kind !== 'call' && first.kind !== 'nested') {
      throw this.#error('a value was given arguments; only a function takes some')
    }
    return [first, ...rest]
  }

  #operand(first: boolean): Operand | undefined {
    const token = this.#peek()
    switch (token.kind) {
      case 'text':
        this.#token++
        return { kind: 'constant', value: token.text }
      case 'char':
        this.#token++
        return { kind: 'constant', value: token.text.codePointAt(0) ?? 0 }
      case 'number':
        this.#token++
        return { kind: 'constant', value: Number(token.text) }
      case 'variable':
        this.#token++
        this.#known(token)
        return { kind: 'variable', name: token.text, fields: this.#fields() }
      case 'field':
        return { kind: 'dot', fields: this.#fields(true) }
      case 'word':
        this.#token++
        return this.#word(token)
      case 'sign':
        if (token.text === '.') {
          this.#token++
          return { kind: 'dot', fields: [] }
        }
        if (token.text === '(') return this.#nested()
        if (token.text === '|' || token.text === ')') {
          if (first) throw this.#error('missing value', token)
          return undefined
        }
        throw this.#error(`unexpected ${JSON.stringify(token.text)}`, token)
      case 'end':
        return undefined
    }
  }

  #nested(): Operand {
    this.#token++
    const pipeline = this.#commands()
    const close = this.#next()
    if (close.text !== ')' || close.kind !== 'sign')
      throw this.#error('unclosed left parenthesis', close)
    return { kind: 'nested', pipeline, fields: this.#fields() }
  }

  #word(token: TemplateToken): Operand {
    if (token.text === 'true' || token.text === 'false') {
      return { kind: 'constant', value: token.text === 'true' }
    }
    if (token.text === 'nil') return { kind: 'constant', value: null }
    if (!Object.hasOwn(TEMPLATE_FUNCTIONS, token.text)) {
      throw this.#error(`function ${JSON.stringify(token.text)} not defined`, token)
    }
    return { kind: 'call', name: token.text }
  }

  /** The fields that hang on an operand without white space: `.a.b`. */
  #fields(first = false): readonly string[] {
    const fields: string[] = []
    while (this.#peek().kind === 'field' && (first || !this.#peek().spaced)) {
      fields.push(this.#next().text)
      first = false
    }
    return fields
  }

  #known(variable: TemplateToken): void {
    if (!this.#variables.includes(variable.text)) {
      throw this.#error(`undefined variable ${JSON.stringify(variable.text)}`, variable)
    }
  }

  #close(): void {
    const token = this.#next()
    if (token.kind !== 'end') throw this.#error(`unexpected ${JSON.stringify(token.text)}`, token)
  }

  #atEnd(): boolean {
    if (this.#peek().kind !== 'end') return false
    this.#token++
    return true
  }

  #peek(ahead = 0): TemplateToken {
    // Every action ends in an `end` token, which is what follows it too.
    return this.#tokens[Math.min(this.#token + ahead, this.#tokens.length - 1)] as TemplateToken
  }

  #next(): TemplateToken {
    const token = this.#peek()
    this.#token++
    return token
  }

  #error(message: string, token?: TemplateToken): SyntaxError {
    const offset = token?.offset ?? this.#tokens.at(-1)?.offset ?? this.#text.length
    return templateError(this.#text, offset, message)
  }
}
