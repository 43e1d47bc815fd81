/** Counts what the watch thread could not keep or deliver, by kind and reason. */
export class DropCounts {
  readonly #counts = new Map<string, { kind: string; reason: string; count: number }>()

  add(kind: string, reason: string, count: number): void {
    const key = `${kind}.${reason}`
    const row = this.#counts.get(key) ?? { kind, reason, count: 0 }
    row.count += count
    this.#counts.set(key, row)
  }

  /** All rows with a drop. */
  rows(): readonly { readonly kind: string; readonly reason: string; readonly count: number }[] {
    return [...this.#counts.values()]
  }
}
