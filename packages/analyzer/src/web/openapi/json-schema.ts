/** A piece of JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>

export const text: JsonSchema = { type: 'string' }
export const number: JsonSchema = { type: 'number' }
export const integer: JsonSchema = { type: 'integer' }
export const boolean: JsonSchema = { type: 'boolean' }
export const anything: JsonSchema = {}
export const time: JsonSchema = { type: 'string', format: 'date-time' }
export const share: JsonSchema = { type: 'number', minimum: 0, maximum: 1 }

export function oneOf(...values: readonly string[]): JsonSchema {
  return { type: 'string', enum: values }
}

export function list(items: JsonSchema): JsonSchema {
  return { type: 'array', items }
}

export function map(values: JsonSchema): JsonSchema {
  return { type: 'object', additionalProperties: values }
}

export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` }
}

export function described(schema: JsonSchema, description: string): JsonSchema {
  return { ...schema, description }
}

/** An object; a property whose name ends in `?` may be absent. */
export function object(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const named = Object.entries(properties)
  return {
    type: 'object',
    properties: Object.fromEntries(
      named.map(([name, schema]) => [name.replace(/\?$/, ''), schema]),
    ),
    required: named.map(([name]) => name).filter((name) => !name.endsWith('?')),
  }
}
