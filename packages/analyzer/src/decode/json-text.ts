/** `JSON.parse` takes some 6 ms for a megabyte, so one piece takes less than half a millisecond. */
const PIECE_LENGTH = 64 * 1024

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const ARRAY = 0x5b
const ARRAY_END = 0x5d
const OBJECT = 0x7b
const OBJECT_END = 0x7d

/**
 * What `JSON.parse` makes of a text, in steps: a container that is longer than a piece is taken apart, and what is in it
 * goes to `JSON.parse` in pieces of that length; a string is never divided. Throws a SyntaxError, also when
 * containers longer than a piece are nested deeper than `depthMax`.
 */
export function* parseJsonSteps(
  text: string,
  depthMax: number,
  pieceLength = PIECE_LENGTH,
): Generator<void, unknown, void> {
  const parser = new Parser(text, pieceLength)
  const value = yield* parser.value(depthMax)
  parser.finish()
  return value
}

class Parser {
  readonly #text: string
  readonly #pieceLength: number
  #at = 0

  constructor(text: string, pieceLength: number) {
    this.#text = text
    this.#pieceLength = pieceLength
  }

  *value(depth: number): Generator<void, unknown, void> {
    const code = this.#next()
    const end = this.#endWithin(this.#at, this.#at + this.#pieceLength)
    if (end === undefined && code === ARRAY) return yield* this.#array(depth)
    if (end === undefined && code === OBJECT) return yield* this.#object(depth)
    yield
    return this.#parsed(end ?? this.#endWithin(this.#at, this.#text.length)!, '', '')
  }

  /** Nothing may follow but white space. */
  finish(): void {
    if (!Number.isNaN(this.#next())) this.#fail('the end')
  }

  *#array(depth: number): Generator<void, unknown[], void> {
    this.#enter(depth)
    const items: unknown[] = []
    for (;;) {
      const code = this.#next()
      if (code === COMMA || (code === ARRAY_END && items.length > 0)) this.#fail('a value')
      const end = this.#endOfItems()
      if (end === undefined) items.push(yield* this.value(depth - 1))
      else {
        for (const item of this.#parsed(end, '[', ']') as unknown[]) items.push(item)
      }
      yield
      if (this.#separator(ARRAY_END, 'a comma or the end of the array')) return items
    }
  }

  *#object(depth: number): Generator<void, object, void> {
    this.#enter(depth)
    const entries: (readonly [string, unknown])[] = []
    if (this.#next() === OBJECT_END) {
      this.#at++
      return {}
    }
    for (;;) {
      if (this.#next() !== QUOTE) this.#fail('a key')
      const key = this.#parsed(this.#endWithin(this.#at, this.#text.length)!, '', '') as string
      if (this.#next() !== COLON) this.#fail('a colon')
      this.#at++
      entries.push([key, yield* this.value(depth - 1)])
      // As `JSON.parse` does it, `__proto__` is a key like any other.
      if (this.#separator(OBJECT_END, 'a comma or the end of the object')) {
        return Object.fromEntries(entries)
      }
    }
  }

  #enter(depth: number): void {
    if (depth === 0) throw new SyntaxError(`nests too deep at character ${this.#at}`)
    this.#at++
  }

  /** Passes a comma or the end of a container; true at the end. */
  #separator(close: number, expected: string): boolean {
    const code = this.#next()
    if (code !== COMMA && code !== close) this.#fail(expected)
    this.#at++
    return code === close
  }

  /** Where as many whole items of an array end as one piece holds; undefined when not even one does. */
  #endOfItems(): number | undefined {
    const limit = this.#at + this.#pieceLength
    let last: number | undefined
    for (let at = this.#at; ; ) {
      const end = this.#endWithin(this.#skipSpace(at), limit)
      if (end === undefined) return last
      last = end
      const separator = this.#skipSpace(end)
      if (this.#text.charCodeAt(separator) !== COMMA) return last
      at = separator + 1
    }
  }

  #parsed(end: number, before: string, after: string): unknown {
    const from = this.#at
    this.#at = end
    try {
      return JSON.parse(`${before}${this.#text.slice(from, end)}${after}`)
    } catch (error) {
      throw new SyntaxError(`${(error as Error).message} (from character ${from} on)`)
    }
  }

  /** Passes white space. Gives the code of the next character, NaN at the end of the text. */
  #next(): number {
    this.#at = this.#skipSpace(this.#at)
    return this.#text.charCodeAt(this.#at)
  }

  #skipSpace(from: number): number {
    let at = from
    while (isSpace(this.#text.charCodeAt(at))) at++
    return at
  }

  /**
   * Where the value at `from` ends, by its brackets and quotes alone: whether it is one, `JSON.parse` says. Undefined when it
   * goes on beyond `limit`; a text that breaks off ends where it does.
   */
  #endWithin(from: number, limit: number): number | undefined {
    const text = this.#text
    let depth = 0
    let at = from
    while (at < text.length) {
      if (at >= limit) return undefined
      const code = text.charCodeAt(at)
      if (code === QUOTE) {
        at = this.#endOfString(at)
        if (depth === 0) break
        continue
      }
      if (code === ARRAY || code === OBJECT) depth++
      else if (code === ARRAY_END || code === OBJECT_END) {
        if (depth <= 1) return at + depth
        depth--
      } else if (depth === 0 && (code === COMMA || code === COLON || isSpace(code))) return at
      at++
    }
    return at > limit ? undefined : at
  }

  /** Behind the quote that ends the string which begins at `from`. */
  #endOfString(from: number): number {
    const text = this.#text
    for (let at = from + 1; ; ) {
      const quote = text.indexOf('"', at)
      if (quote < 0) return text.length
      let backslashes = 0
      while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++
      at = quote + 1
      if (backslashes % 2 === 0) return at
    }
  }

  #fail(expected: string): never {
    const found = this.#text[this.#at]
    const what = found === undefined ? 'the end' : JSON.stringify(found)
    throw new SyntaxError(`expected ${expected} at character ${this.#at}, got ${what}`)
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}
