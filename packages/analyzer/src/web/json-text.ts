import { piecesOf } from '../model/text-pieces.ts'

/** JSON that is written already, in pieces: the envelope puts it in as it is. */
export class JsonText {
  readonly pieces: readonly string[]

  constructor(pieces: readonly string[]) {
    this.pieces = pieces
  }
}

/** Joins texts to pieces, in steps. */
export function* gatherInSteps(texts: Iterable<string>): Generator<void, readonly string[]> {
  const pieces: string[] = []
  for (const piece of piecesOf(texts)) {
    pieces.push(piece)
    yield
  }
  return pieces
}

/** Samples, labels or what else makes an item long, between two rests: about a millisecond of writing. */
const WEIGHT_A_STEP = 2000

/**
 * A JSON array in pieces, written in steps: of a hundred thousand series that takes longer than a request may
 * wait.
 */
export function* writeArray<Item>(
  items: Iterable<Item>,
  encode: (item: Item) => unknown,
  weightOf: (item: Item) => number = () => 4,
): Generator<void, readonly string[]> {
  const pieces = ['[']
  let parts: string[] = []
  let weight = 0
  const endPiece = () => {
    if (parts.length > 0) pieces.push((pieces.length > 1 ? ',' : '') + parts.join(','))
    parts = []
    weight = 0
  }
  for (const item of items) {
    parts.push(JSON.stringify(encode(item)))
    weight += weightOf(item)
    if (weight < WEIGHT_A_STEP) continue
    endPiece()
    yield
  }
  endPiece()
  pieces.push(']')
  return pieces
}
