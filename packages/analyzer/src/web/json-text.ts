/** JSON that is written already: the envelope puts it in as it is. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Samples, labels or what else makes an item long, between two rests: about a millisecond of writing. */
const WEIGHT_A_STEP = 2000

/** A JSON array, written in steps: of a hundred thousand series that takes longer than a request may wait. */
export function* writeArray<Item>(
  items: Iterable<Item>,
  encode: (item: Item) => unknown,
  weightOf: (item: Item) => number = () => 4,
): Generator<void, string> {
  const parts: string[] = []
  let weight = 0
  for (const item of items) {
    parts.push(JSON.stringify(encode(item)))
    weight += weightOf(item)
    if (weight < WEIGHT_A_STEP) continue
    weight = 0
    yield
  }
  return `[${parts.join(',')}]`
}
