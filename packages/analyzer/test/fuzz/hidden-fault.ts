/** Throws for inputs with c0 ff ee anywhere. */
export function hidden(input: Buffer): void {
  for (let at = 0; at < input.length; at++) {
    if (input[at] !== 0xc0) continue
    if (input[at + 1] !== 0xff) continue
    if (input[at + 2] === 0xee) throw new Error('found')
  }
}
