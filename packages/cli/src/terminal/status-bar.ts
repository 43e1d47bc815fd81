/**
 * One line at the bottom of a terminal that stays while a command prints above it. The terminal scrolls
 * only the rows above (DECSTBM, the way apt shows its progress), so the command keeps the terminal itself.
 */
export class StatusBar {
  readonly #stream: NodeJS.WriteStream
  #rows = 0

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  show(text: string): void {
    const { rows = 0, columns = 80 } = this.#stream
    if (rows < 3) return
    if (rows !== this.#rows) this.#reserve(rows)
    const line = text.length > columns ? `${text.slice(0, columns - 1)}…` : text
    this.#stream.write(`${SAVE}${ESC}[${rows};1H${ESC}[2K${ESC}[2m${line}${ESC}[22m${RESTORE}`)
  }

  /** Gives the row back to the terminal. */
  clear(): void {
    if (this.#rows === 0) return
    this.#stream.write(`${SAVE}${ESC}[r${ESC}[${this.#rows};1H${ESC}[2K${RESTORE}`)
    this.#rows = 0
  }

  #reserve(rows: number): void {
    this.#rows = rows
    // Setting the region moves the cursor; the line feed first makes room when it is on the last row.
    this.#stream.write(`\n${SAVE}${ESC}[1;${rows - 1}r${RESTORE}${ESC}[1A`)
  }
}

const ESC = '\u001b'
const SAVE = `${ESC}7`
const RESTORE = `${ESC}8`
