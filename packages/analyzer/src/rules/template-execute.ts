import type { TemplateData } from './template-data.ts'
import { TEMPLATE_FUNCTIONS } from './template-functions.ts'
import type {
  Block,
  Command,
  Operand,
  ParsedTemplate,
  Pipeline,
  TemplateNode,
} from './template-tree.ts'
import { isTrue, printValue, type TemplateValue } from './template-value.ts'

// Nodes that one template may evaluate: ends a range over a huge answer within milliseconds.
const STEPS_MAX = 100_000
// Characters that one template may give: a webhook body has to stay under 20 kB.
const LENGTH_MAX = 16_384

/** What a loop's body ended with. */
type Outcome = 'next' | 'break' | 'continue'

type Scope = Map<string, { value: TemplateValue }>

/** Fills a template in. Throws an `Error` in Prometheus' manner when a value does not fit. */
export function executeTemplate(template: ParsedTemplate, data: TemplateData): string {
  return new Execution(template, data).run()
}

class Execution {
  readonly #template: ParsedTemplate
  readonly #data: TemplateData
  #output = ''
  #steps = 0
  #calls = 0

  constructor(template: ParsedTemplate, data: TemplateData) {
    this.#template = template
    this.#data = data
  }

  run(): string {
    const { labels, value, externalLabels, externalUrl } = this.#data
    const dot: TemplateValue = {
      Labels: labels,
      ExternalLabels: externalLabels,
      ExternalURL: externalUrl,
      Value: value,
    }
    const scope: Scope = new Map(
      Object.entries({
        $: dot,
        $labels: labels,
        $externalLabels: externalLabels,
        $externalURL: externalUrl,
        $value: value,
      }).map(([name, value]) => [name, { value }]),
    )
    this.#block(this.#template.body, dot, scope)
    return this.#output
  }

  #block(block: Block, dot: TemplateValue, outer: Scope): Outcome {
    const scope: Scope = new Map(outer)
    for (const node of block.nodes) {
      this.#step()
      const outcome = this.#node(node, dot, scope)
      if (outcome !== 'next') return outcome
    }
    return 'next'
  }

  #node(node: TemplateNode, dot: TemplateValue, scope: Scope): Outcome {
    switch (node.kind) {
      case 'literal':
        this.#write(node.text)
        return 'next'
      case 'output':
        this.#write(printValue(this.#pipeline(node.pipeline, dot, scope)))
        return 'next'
      case 'assign': {
        const value = this.#pipeline(node.pipeline, dot, scope)
        const box = scope.get(node.name)
        if (node.declares || box === undefined) scope.set(node.name, { value })
        else box.value = value
        return 'next'
      }
      case 'if':
      case 'with': {
        const value = this.#pipeline(node.pipeline, dot, scope)
        const inner: Scope = new Map(scope)
        for (const name of node.names) inner.set(name, { value })
        const inside = node.kind === 'with' ? value : dot
        return isTrue(value)
          ? this.#block(node.body, inside, inner)
          : this.#block(node.otherwise, dot, inner)
      }
      case 'range':
        return this.#range(node, dot, scope)
      case 'break':
      case 'continue':
        return node.kind
      case 'template':
        return this.#call(node, dot, scope)
    }
  }

  #range(
    node: Extract<TemplateNode, { kind: 'if' | 'with' | 'range' }>,
    dot: TemplateValue,
    scope: Scope,
  ): Outcome {
    const entries = entriesOf(this.#pipeline(node.pipeline, dot, scope))
    if (entries.length === 0) return this.#block(node.otherwise, dot, scope)
    for (const [key, value] of entries) {
      const inner: Scope = new Map(scope)
      const [first, second] = node.names
      if (second !== undefined) inner.set(second, { value })
      if (first !== undefined) inner.set(first, { value: second === undefined ? value : key })
      if (this.#block(node.body, value, inner) === 'break') break
    }
    return 'next'
  }

  #call(
    node: Extract<TemplateNode, { kind: 'template' }>,
    dot: TemplateValue,
    scope: Scope,
  ): Outcome {
    const block = this.#template.defined.get(node.name)
    if (block === undefined) throw new Error(`template ${JSON.stringify(node.name)} not defined`)
    if (++this.#calls > 100) throw new Error('templates call each other more than 100 deep')
    const value = node.pipeline === undefined ? null : this.#pipeline(node.pipeline, dot, scope)
    const outcome = this.#block(block, value, new Map(scope).set('$', { value }))
    this.#calls--
    return outcome
  }

  #pipeline({ commands }: Pipeline, dot: TemplateValue, scope: Scope): TemplateValue {
    let value: TemplateValue
    for (const command of commands) value = this.#command(command, dot, scope, value)
    return value
  }

  #command(
    [first, ...rest]: Command,
    dot: TemplateValue,
    scope: Scope,
    piped: TemplateValue,
  ): TemplateValue {
    this.#step()
    if (first.kind !== 'call') {
      if (piped !== undefined)
        throw new Error('cannot pipe into a value; only a function takes one')
      return this.#operand(first, dot, scope)
    }
    const values = rest.map((operand) => this.#operand(operand, dot, scope))
    if (piped !== undefined) values.push(piped)
    return this.#apply(first.name, values)
  }

  #apply(name: string, values: readonly TemplateValue[]): TemplateValue {
    const row = TEMPLATE_FUNCTIONS[name]
    if (row === undefined) throw new Error(`function ${JSON.stringify(name)} not defined`)
    const { least, most, call } = row
    if (values.length < least || values.length > most) {
      const wanted = least === most ? `${least}` : `${least} to ${most}`
      throw new Error(`wrong number of args for ${name}: want ${wanted} got ${values.length}`)
    }
    try {
      return call(values, this.#data)
    } catch (error) {
      throw new Error(`error calling ${name}: ${(error as Error).message}`, { cause: error })
    }
  }

  #operand(operand: Operand, dot: TemplateValue, scope: Scope): TemplateValue {
    switch (operand.kind) {
      case 'constant':
        return operand.value
      case 'dot':
        return fieldsOf(dot, operand.fields)
      case 'variable':
        return fieldsOf(scope.get(operand.name)?.value, operand.fields)
      case 'nested':
        return fieldsOf(this.#pipeline(operand.pipeline, dot, scope), operand.fields)
      case 'call':
        return this.#apply(operand.name, [])
    }
  }

  #step(): void {
    if (++this.#steps > STEPS_MAX) throw new Error(`more than ${STEPS_MAX} steps`)
  }

  #write(text: string): void {
    this.#output += text
    if (this.#output.length > LENGTH_MAX) throw new Error(`more than ${LENGTH_MAX} characters`)
  }
}

/** A map's value is empty when it has no such key, as Prometheus sets `missingkey=zero`. */
function fieldsOf(value: TemplateValue, fields: readonly string[]): TemplateValue {
  let current = value
  for (const field of fields) {
    if (typeof current !== 'object' || current === null || Array.isArray(current)) {
      throw new Error(`can't evaluate field ${field} in type ${typeof current}`)
    }
    const map = current as Readonly<Record<string, TemplateValue>>
    current = Object.hasOwn(map, field) ? map[field] : ''
  }
  return current
}

function entriesOf(value: TemplateValue): readonly (readonly [TemplateValue, TemplateValue])[] {
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) return value.map((item, index) => [index, item])
  if (typeof value === 'number' && Number.isInteger(value)) {
    return Array.from({ length: Math.min(value, 1_000_000) }, (_, index) => [index, index])
  }
  if (typeof value !== 'object') throw new Error(`range can't iterate over ${printValue(value)}`)
  return Object.entries(value as Readonly<Record<string, TemplateValue>>).sort(([a], [b]) =>
    a < b ? -1 : 1,
  )
}
