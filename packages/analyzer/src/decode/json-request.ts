import { ChokepointError } from '../model/errors.ts'
import { type FieldRow, MESSAGES, type MessageName } from './json-schema.ts'
import { parseJsonSteps } from './json-text.ts'
import { WireWriter } from './wire-writer.ts'

/**
 * Turns an OTLP request in JSON into the same request in protobuf, so that there is one decoder and one
 * form on disk. Unknown fields are ignored, as OTLP asks. Throws BODY_INVALID with the path of what is wrong.
 */
export function jsonRequestToProtobuf(body: Uint8Array, depthMax = 64): Uint8Array {
  const steps = jsonRequestSteps(body, depthMax)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** The same in steps of a millisecond or so. */
export function* jsonRequestSteps(
  body: Uint8Array,
  depthMax = 64,
): Generator<void, Uint8Array, void> {
  let parsed: unknown
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
    parsed = yield* parseJsonSteps(text, depthMax)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ChokepointError('BODY_INVALID', `cannot decode the OTLP request: not JSON: ${why}`, {
      cause: error,
    })
  }
  yield
  const writer = new WireWriter(body.length)
  yield* writeInSteps(writer, 'ExportMetricsServiceRequest', parsed, '$', depthMax)
  return writer.finish()
}

/** Messages that hold others without end; those inside of them are written in one go. */
const OUTER: ReadonlySet<MessageName> = new Set<MessageName>([
  'ResourceMetrics',
  'ScopeMetrics',
  'Metric',
  'Gauge',
  'Sum',
  'Histogram',
  'ExponentialHistogram',
  'Summary',
])
const POINTS_A_STEP = 64

function* writeInSteps(
  writer: WireWriter,
  name: MessageName,
  value: unknown,
  path: string,
  depth: number,
): Generator<void, void, void> {
  for (const [field, inner, at] of knownFields(name, value, path, depth)) {
    const { message } = field
    if (message === undefined || field.repeated !== true) {
      if (message === undefined || !OUTER.has(message)) {
        writeEntry(writer, field, inner, at, depth)
        continue
      }
      const mark = writer.beginMessage(field.number)
      yield* writeInSteps(writer, message, inner, at, depth - 1)
      writer.endMessage(mark)
      continue
    }
    for (const [i, one] of arrayAt(inner, at).entries()) {
      if (!OUTER.has(message)) {
        writeField(writer, field, one, `${at}[${i}]`, depth)
        if (i % POINTS_A_STEP === POINTS_A_STEP - 1) yield
        continue
      }
      const mark = writer.beginMessage(field.number)
      yield* writeInSteps(writer, message, one, `${at}[${i}]`, depth - 1)
      writer.endMessage(mark)
    }
  }
}

function writeMessage(
  writer: WireWriter,
  name: MessageName,
  value: unknown,
  path: string,
  depth: number,
): void {
  for (const [field, inner, at] of knownFields(name, value, path, depth)) {
    writeEntry(writer, field, inner, at, depth)
  }
}

/** The fields of a message that have a value, with their paths; unknown ones are passed over. */
function knownFields(
  name: MessageName,
  value: unknown,
  path: string,
  depth: number,
): (readonly [field: FieldRow, value: unknown, path: string])[] {
  if (depth === 0) throw wrong(path, 'nests too deep', undefined)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong(path, 'must be an object', value)
  }
  const fields = MESSAGES[name]
  const known: (readonly [FieldRow, unknown, string])[] = []
  for (const [key, inner] of Object.entries(value)) {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined
    // "JSON null is an accepted value for all field types and is treated as the default value."
    if (field !== undefined && inner !== null) known.push([field, inner, `${path}.${key}`])
  }
  return known
}

function arrayAt(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(path, 'must be an array', value)
  return value
}

function writeEntry(
  writer: WireWriter,
  field: FieldRow,
  value: unknown,
  path: string,
  depth: number,
): void {
  if (field.repeated !== true) writeField(writer, field, value, path, depth)
  else if (field.packed === true) writePacked(writer, field, arrayAt(value, path), path)
  else {
    arrayAt(value, path).forEach((one, i) => {
      writeField(writer, field, one, `${path}[${i}]`, depth)
    })
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
