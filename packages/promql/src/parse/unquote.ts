const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
}

/**
 * The content of a string as Go and PromQL write it: in double quotes, single quotes or backquotes. Undefined when an
 * escape is malformed. Bytes that are not UTF-8 become lone surrogates.
 */
export function unquote(quoted: string): string | undefined {
  const quote = quoted[0]!
  const body = quoted.slice(1, -1)
  if (quote === '`') return body
  if (body.includes('\n')) return undefined
  if (!body.includes('\\')) return body
  const bytes = new ByteRun()
  let index = 0
  while (index < body.length) {
    const char = String.fromCodePoint(body.codePointAt(index)!)
    if (char !== '\\') {
      bytes.text(char)
      index += char.length
      continue
    }
    const sequence = readEscape(body, index + 1, quote)
    if (sequence === undefined) return undefined
    if (typeof sequence.value === 'number') bytes.byte(sequence.value)
    else bytes.text(sequence.value)
    index = sequence.next
  }
  return bytes.toString()
}

interface Escape {
  /** A number is a byte of UTF-8, a string is text. */
  readonly value: number | string
  readonly next: number
}

function readEscape(body: string, at: number, quote: string): Escape | undefined {
  const letter = body[at]
  if (letter === undefined) return undefined
  const simple = SIMPLE_ESCAPES[letter]
  if (simple !== undefined) {
    if ((letter === '"' || letter === "'") && letter !== quote) return undefined
    return { value: simple, next: at + 1 }
  }
  const octal = /^[0-7]{3}/.exec(body.slice(at, at + 3))
  if (octal) {
    const byte = Number.parseInt(octal[0], 8)
    return byte > 255 ? undefined : { value: byte, next: at + 3 }
  }
  const length = { x: 2, u: 4, U: 8 }[letter]
  if (length === undefined) return undefined
  const hex = body.slice(at + 1, at + 1 + length)
  if (hex.length !== length || !/^[0-9a-fA-F]+$/.test(hex)) return undefined
  const code = Number.parseInt(hex, 16)
  if (letter === 'x') return { value: code, next: at + 3 }
  if (code > 0x10ffff) return undefined
  return { value: String.fromCodePoint(code), next: at + 1 + length }
}

/** Text built of characters and of single UTF-8 bytes, as `\x` and octal escapes give them. */
class ByteRun {
  #text = ''
  #bytes: number[] = []

  text(text: string): void {
    this.#flush()
    this.#text += text
  }

  byte(byte: number): void {
    this.#bytes.push(byte)
  }

  toString(): string {
    this.#flush()
    return this.#text
  }

  #flush(): void {
    if (this.#bytes.length === 0) return
    this.#text += decodeBytes(this.#bytes)
    this.#bytes = []
  }
}

/** Bytes as text; those that are not UTF-8 become lone surrogates, so that the text is not well formed. */
function decodeBytes(bytes: readonly number[]): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes))
  } catch {
    return bytes.map((byte) => String.fromCharCode(byte < 128 ? byte : 0xdc00 + byte)).join('')
  }
}
