import type { LabelSet } from '../label-set.ts'

/** Sets that a table has when it is first looked through for those that nobody uses any more. */
const TABLE_SETS = 4096
/** Tables that the sets are in, each growing by itself: to grow, or to look through, one of 200,000 takes 40 to 90 ms. */
const TABLES = 64

/** Makes equal label sets one object, for as long as somebody uses it. */
export class LabelInterner {
  readonly #tables: InternerTable[] = []

  intern(labels: LabelSet): LabelSet {
    const at = hashOf(labels.key) % TABLES
    this.#tables[at] ??= new InternerTable()
    return this.#tables[at].intern(labels)
  }
}

class InternerTable {
  readonly #known = new Map<string, WeakRef<LabelSet>>()
  #checkAt = TABLE_SETS

  intern(labels: LabelSet): LabelSet {
    const known = this.#known.get(labels.key)?.deref()
    if (known !== undefined) return known
    if (this.#known.size >= this.#checkAt) this.#forgetDead()
    this.#known.set(labels.key, new WeakRef(labels))
    return labels
  }

  #forgetDead(): void {
    for (const [key, ref] of this.#known) if (ref.deref() === undefined) this.#known.delete(key)
    this.#checkAt = Math.max(TABLE_SETS, this.#known.size * 2)
  }
}

/** A number that texts which differ a little hardly share. */
function hashOf(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return (hash ^ (hash >>> 15)) >>> 0
}
