// Not by `import`: that reads every export, and the one named `webcrypto` loads ten modules more.
const { randomFillSync } = process.getBuiltinModule('node:crypto')

const POOL_BYTES = 4096
/** Ids are parts of a text: a short one, because it outlives minor collections while it is in use. */
const TEXT_BYTES = 512
const pool = Buffer.alloc(POOL_BYTES)
let poolAt = POOL_BYTES
let digits = ''
let digitsAt = 0

/** Where the next random bytes are in the pool: one system call serves hundreds of ids. */
function takeRandom(bytes: number): number {
  if (poolAt + bytes > POOL_BYTES) {
    randomFillSync(pool)
    poolAt = 0
  }
  poolAt += bytes
  return poolAt - bytes
}

/** Random bytes as lower-case hex, a part of a text that serves some ids. */
function randomHex(bytes: number): string {
  if (digitsAt + 2 * bytes > digits.length) {
    const from = takeRandom(TEXT_BYTES)
    digits = pool.toString('hex', from, from + TEXT_BYTES)
    digitsAt = 0
  }
  digitsAt += 2 * bytes
  return digits.slice(digitsAt - 2 * bytes, digitsAt)
}

/** A `traceparent` of version 00 but for its last digit: the fields are at the same places in each. */
const FORM = `00-${'0'.repeat(32)}-${'0'.repeat(16)}-0`
const FORM_LENGTH = FORM.length + 1
const TRACE_ID_AT = 3
const SPAN_ID_AT = TRACE_ID_AT + 32 + 1
const FORMS_IN_TEXT = 9
const DIGITS = Buffer.from('0123456789abcdef')

/** New `traceparent` headers, each a slice of one text: put together from ids it would be six texts more. */
class NewTraceparents {
  readonly #forms: Buffer
  #text = ''
  #at = 0

  constructor(flag: '0' | '1') {
    this.#forms = Buffer.from(`${FORM}${flag}`.repeat(FORMS_IN_TEXT))
  }

  next(): string {
    if (this.#at === this.#text.length) this.#writeText()
    this.#at += FORM_LENGTH
    return this.#text.slice(this.#at - FORM_LENGTH, this.#at)
  }

  #writeText(): void {
    for (let at = 0; at < this.#forms.length; at += FORM_LENGTH) {
      this.#writeDigits(at + TRACE_ID_AT, 16)
      this.#writeDigits(at + SPAN_ID_AT, 8)
    }
    this.#text = this.#forms.toString('latin1')
    this.#at = 0
  }

  #writeDigits(at: number, bytes: number): void {
    const from = takeRandom(bytes)
    for (let index = 0; index < bytes; index++) {
      const byte = pool[from + index]!
      this.#forms[at + 2 * index] = DIGITS[byte >> 4]!
      this.#forms[at + 2 * index + 1] = DIGITS[byte & 15]!
    }
  }
}

const sampledTraceparents = new NewTraceparents('1')
const otherTraceparents = new NewTraceparents('0')

/** The `traceparent` header of the first call of a new trace. */
export function newTraceparent(sampled: boolean): string {
  return (sampled ? sampledTraceparents : otherTraceparents).next()
}

/** The trace of a header made here. */
export function traceIdIn(traceparent: string): string {
  return traceparent.slice(TRACE_ID_AT, TRACE_ID_AT + 32)
}

/** The span of a header made here. */
export function spanIdIn(traceparent: string): string {
  return traceparent.slice(SPAN_ID_AT, SPAN_ID_AT + 16)
}

/** A new trace id. All zeros, the invalid id, has a chance of 2^-128. */
export function newTraceId(): string {
  return randomHex(16)
}

/** A new span id. */
export function newSpanId(): string {
  return randomHex(8)
}
