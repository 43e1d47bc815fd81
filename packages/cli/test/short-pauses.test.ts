import { execFileSync } from 'node:child_process'
import { expect } from 'chai'

const SHORT_PAUSES = new URL('../src/short-pauses.ts', import.meta.url).href
/** Later ones are not told what this checks. */
const V8_MAX = 13

// Without helpers, so many objects are marked so slowly that a small nursery fills up meanwhile.
const program = (before: string) => `
${before}
const kept = Array.from({ length: 600_000 }, (_, i) => ({ i }))
for (let round = 0; round < 300; round++) {
  kept.push(Array.from({ length: 5000 }, (_, i) => ({ i })))
  for (let i = 0; i < 20; i++) Array.from({ length: 1000 }, (_, i) => [i])
  await new Promise((resolve) => setImmediate(resolve))
}
`

/** What V8 tells of its collections while a program runs. */
function collectionsOf(before: string): string {
  return execFileSync(
    process.execPath,
    [
      ...['--single-threaded-gc', '--max-semi-space-size=1', '--trace-gc'],
      ...['--input-type=module', '--eval', program(before)],
    ],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
  )
}

describe('shortening pauses', () => {
  it('lets the nursery be emptied while a collection marks, rather than end it at once', function () {
    if (Number.parseInt(process.versions.v8, 10) > V8_MAX) this.skip()
    const ended = /Mark-Compact .*forced finalization/
    expect(collectionsOf('')).to.match(ended)
    const shortened = collectionsOf(
      `import { shortenPauses } from ${JSON.stringify(SHORT_PAUSES)}\nshortenPauses()`,
    )
    expect(shortened).to.match(/Mark-Compact/)
    expect(shortened).not.to.match(ended)
  })
})
