import { ChokepointError } from '../model/errors.ts'
import { type FieldRow, MESSAGES, type MessageName } from './json-schema.ts'
import { WireWriter } from './wire-writer.ts'

/**
 * Turns an OTLP request in JSON into the same request in protobuf, so that there is one decoder and one
 * form on disk. Unknown fields are ignored, as OTLP asks. Throws BODY_INVALID with the path of what is wrong.
 */
export function jsonRequestToProtobuf(body: Uint8Array, depthMax = 64): Uint8Array {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ChokepointError('BODY_INVALID', `cannot decode the OTLP request: not JSON: ${why}`, {
      cause: error,
    })
  }
  const writer = new WireWriter(body.length)
  writeMessage(writer, 'ExportMetricsServiceRequest', parsed, '$', depthMax)
  return writer.finish()
}

function writeMessage(
  writer: WireWriter,
  name: MessageName,
  value: unknown,
  path: string,
  depth: number,
): void {
  if (depth === 0) throw wrong(path, 'nests too deep', undefined)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong(path, 'must be an object', value)
  }
  const fields = MESSAGES[name]
  for (const [key, inner] of Object.entries(value)) {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined
    // "JSON null is an accepted value for all field types and is treated as the default value."
    if (field === undefined || inner === null) continue
    if (field.repeated !== true) writeField(writer, field, inner, `${path}.${key}`, depth)
    else {
      if (!Array.isArray(inner)) throw wrong(`${path}.${key}`, 'must be an array', inner)
      if (field.packed === true) writePacked(writer, field, inner, `${path}.${key}`)
      else {
        inner.forEach((one, i) => {
          writeField(writer, field, one, `${path}.${key}[${i}]`, depth)
        })
      }
    }
  }
}

function writePacked(
  writer: WireWriter,
  field: FieldRow,
  values: readonly unknown[],
  path: string,
): void {
  if (values.length === 0) return
  const mark = writer.beginMessage(field.number)
  values.forEach((value, i) => {
    writeScalar(writer, field, value, `${path}[${i}]`, false)
  })
  writer.endMessage(mark)
}

function writeField(
  writer: WireWriter,
  field: FieldRow,
  value: unknown,
  path: string,
  depth: number,
): void {
  if (field.message === undefined) {
    writeScalar(writer, field, value, path, true)
    return
  }
  const mark = writer.beginMessage(field.number)
  writeMessage(writer, field.message, value, path, depth - 1)
  writer.endMessage(mark)
}

function writeScalar(
  writer: WireWriter,
  field: FieldRow,
  value: unknown,
  path: string,
  tagged: boolean,
): void {
  const number = tagged ? field.number : 0
  switch (field.type) {
    case 'string':
      if (typeof value !== 'string') throw wrong(path, 'must be a string', value)
      writer.string(number, value)
      return
    case 'bool':
      if (typeof value !== 'boolean') throw wrong(path, 'must be true or false', value)
      writer.varint(number, value ? 1n : 0n)
      return
    case 'double':
      writer.double(number, toDouble(value, path))
      return
    case 'fixed64':
      writer.fixed64(number, BigInt.asUintN(64, toInteger(value, path)))
      return
    case 'varint':
      writer.varint(number, BigInt.asUintN(64, toInteger(value, path)))
      return
    case 'zigzag': {
      const whole = toInteger(value, path)
      writer.varint(number, whole < 0n ? -2n * whole - 1n : 2n * whole)
      return
    }
    case 'hex':
    case 'base64':
      if (typeof value !== 'string') throw wrong(path, `must be a ${field.type} string`, value)
      writer.bytes(number, Buffer.from(value, field.type))
      return
    default:
      throw new TypeError(`no way to write a field of type ${field.type}`)
  }
}

/** Protobuf's JSON writes 64-bit numbers as strings and takes plain numbers too. */
function toInteger(value: unknown, path: string): bigint {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value)
  throw wrong(path, 'must be a whole number', value)
}

function toDouble(value: unknown, path: string): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string') {
    if (value === 'NaN') return Number.NaN
    const number = Number(value)
    if (value.trim() !== '' && !Number.isNaN(number)) return number
  }
  throw wrong(path, 'must be a number', value)
}

function wrong(path: string, expectation: string, value: unknown): ChokepointError {
  const got = value === undefined ? '' : `, got ${(JSON.stringify(value) ?? '').slice(0, 60)}`
  return new ChokepointError(
    'BODY_INVALID',
    `cannot decode the OTLP request: ${path} ${expectation}${got}`,
  )
}
