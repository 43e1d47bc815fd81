const DISTINCT_MAX = 100
const LENGTH_MAX = 500

/** Tells each distinct warning once, as one line, and no more than a hundred of them. */
export class Warnings {
  readonly #told = new Set<string>()
  readonly #tell: (line: string) => void

  constructor(tell: (line: string) => void) {
    this.#tell = tell
  }

  /** `subject` is what is told once; `detail` may differ each time and is shown the first time. */
  warn(subject: string, detail: unknown = ''): void {
    if (this.#told.has(subject) || this.#told.size >= DISTINCT_MAX) return
    this.#told.add(subject)
    const text = detail instanceof Error ? detail.message : String(detail)
    const line = text === '' ? subject : `${subject}: ${text}`
    this.#tell(line.replace(/\s+/g, ' ').slice(0, LENGTH_MAX))
  }
}
