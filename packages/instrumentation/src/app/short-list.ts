/** So many items are given exactly the room that they need. */
const EXACT_MAX = 4

/**
 * A list with one more item. An array that grows by `push` is given room for seventeen by V8 at once, which is more than
 * all the rest of a request with two calls; longer lists are extended in place.
 */
export function withItem<Item>(list: Item[] | undefined, item: Item): Item[] {
  if (list === undefined) return [item]
  if (list.length < EXACT_MAX) return [...list, item]
  list.push(item)
  return list
}
