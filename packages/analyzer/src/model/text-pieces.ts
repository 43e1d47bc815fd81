/** About a millisecond of writing. */
const PIECE_LENGTH = 64 * 1024

/** The same text in pieces: short ones are joined, so that each is worth a turn of the event loop. */
export function* piecesOf(texts: Iterable<string>): Generator<string> {
  let piece = ''
  for (const text of texts) {
    piece += text
    if (piece.length < PIECE_LENGTH) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}

/** What `JSON.stringify` writes, as many short texts; what lies deeper than `depth` is written in one go. */
export function* jsonTexts(value: unknown, depth = 6): Generator<string> {
  if (depth === 0 || typeof value !== 'object' || value === null) yield JSON.stringify(value)
  else if (Array.isArray(value)) {
    yield '['
    for (const [i, item] of value.entries()) {
      if (i > 0) yield ','
      yield* jsonTexts(item ?? null, depth - 1)
    }
    yield ']'
  } else {
    let before = '{'
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined) continue
      yield `${before}${JSON.stringify(key)}:`
      yield* jsonTexts(item, depth - 1)
      before = ','
    }
    yield before === '{' ? '{}' : '}'
  }
}
