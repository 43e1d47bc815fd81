import type { LabelSet } from '../label-set.ts'

/** Sets between two looks for those that nobody uses any more. */
const CHECK_EVERY = 100_000

/** Makes equal label sets one object, for as long as somebody uses it. */
export class LabelInterner {
  readonly #known = new Map<string, WeakRef<LabelSet>>()
  #checkAt = 2 * CHECK_EVERY

  intern(labels: LabelSet): LabelSet {
    const known = this.#known.get(labels.key)?.deref()
    if (known !== undefined) return known
    if (this.#known.size > this.#checkAt) this.#forgetDead()
    this.#known.set(labels.key, new WeakRef(labels))
    return labels
  }

  #forgetDead(): void {
    for (const [key, ref] of this.#known) if (ref.deref() === undefined) this.#known.delete(key)
    this.#checkAt = this.#known.size + CHECK_EVERY
  }
}
