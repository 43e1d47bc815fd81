/** A value to look up: a constant, the dot, a variable, or a pipeline in parentheses, and its fields. */
export type Operand =
  | { readonly kind: 'constant'; readonly value: string | number | boolean | null }
  | { readonly kind: 'dot'; readonly fields: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly fields: readonly string[] }
  | { readonly kind: 'nested'; readonly pipeline: Pipeline; readonly fields: readonly string[] }
  | { readonly kind: 'call'; readonly name: string }

/** An operand with its arguments: a function's call, or a value alone. */
export type Command = readonly [Operand, ...Operand[]]

/** Commands joined by `|`: each answer is the last argument of the next. */
export interface Pipeline {
  readonly commands: readonly Command[]
  readonly offset: number
}

export interface Block {
  readonly nodes: readonly TemplateNode[]
}

/** One piece of a template, ready to be executed. */
export type TemplateNode =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'output'; readonly pipeline: Pipeline }
  | {
      readonly kind: 'assign'
      readonly name: string
      readonly declares: boolean
      readonly pipeline: Pipeline
    }
  | {
      readonly kind: 'if' | 'with' | 'range'
      readonly names: readonly string[]
      readonly pipeline: Pipeline
      readonly body: Block
      readonly otherwise: Block
    }
  | { readonly kind: 'break' | 'continue' }
  | { readonly kind: 'template'; readonly name: string; readonly pipeline: Pipeline | undefined }

/** A template and those that it defines by name. */
export interface ParsedTemplate {
  readonly body: Block
  readonly defined: ReadonlyMap<string, Block>
}
