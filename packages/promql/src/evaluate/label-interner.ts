import type { LabelSet } from '../label-set.ts'

/** Sets that one table takes, and that a table has when it is first looked through for those nobody uses any more. */
const TABLE_SETS = 4096
/** Tables that many sets are in, each growing by itself: to grow, or to look through, one of 200,000 takes 40 to 90 ms. */
const TABLES = 64

/** Makes equal label sets one object, for as long as somebody uses it. */
export class LabelInterner {
  #tables = [new InternerTable()]

  intern(labels: LabelSet): LabelSet {
    if (this.#tables.length === 1 && this.#tables[0]!.size === TABLE_SETS) this.#spread()
    return this.#tableOf(labels.key).intern(labels)
  }

  #tableOf(key: string): InternerTable {
    const { length } = this.#tables
    return this.#tables[length === 1 ? 0 : hashOf(key) % length]!
  }

  #spread(): void {
    const first = this.#tables[0]!
    this.#tables = Array.from({ length: TABLES }, () => new InternerTable())
    for (const labels of first.living()) this.#tableOf(labels.key).intern(labels)
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

  get size(): number {
    return this.#known.size
  }

  *living(): Iterable<LabelSet> {
    for (const ref of this.#known.values()) {
      const labels = ref.deref()
      if (labels !== undefined) yield labels
    }
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
