import { execFileSync } from 'node:child_process'
import { expect } from 'chai'

const SHORT_PAUSES = new URL('../src/short-pauses.ts', import.meta.url).href
const SHORTEN = `import { shortenPauses } from ${JSON.stringify(SHORT_PAUSES)}\nshortenPauses()`
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

/** As bodies of requests come: more than the 64 MB after which V8 begins a collection. */
const BUFFERS = `
const kept = []
for (let i = 0; i < 3000; i++) {
  kept.push(new ArrayBuffer(65536))
  if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
}
`

/** Some objects are kept, and very many live for a while. */
const GARBAGE = `
const kept = Array.from({ length: 1_000_000 }, (_, i) => ({ i }))
const recent = []
for (let round = 0; round < 3000; round++) {
  recent.push(Array.from({ length: 3000 }, (_, i) => ({ i })))
  if (recent.length > 150) recent.shift()
  await new Promise((resolve) => setImmediate(resolve))
}
`

/** What V8 tells of its collections while a program runs. */
function collectionsOf(flags: readonly string[], text: string): string {
  return execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', text], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  })
}

describe('shortening pauses', () => {
  it('lets the nursery be emptied while a collection marks, rather than end it at once', function () {
    if (Number.parseInt(process.versions.v8, 10) > V8_MAX) this.skip()
    const ended = /Mark-Compact .*forced finalization/
    const flags = ['--single-threaded-gc', '--max-semi-space-size=1', '--trace-gc']
    expect(collectionsOf(flags, program(''))).to.match(ended)
    const shortened = collectionsOf(flags, program(SHORTEN))
    expect(shortened).to.match(/Mark-Compact/)
    expect(shortened).not.to.match(ended)
  })

  it('begins no collection because array buffers are made, which would then each do a part of it', function () {
    const v8 = Number.parseFloat(process.versions.v8)
    if (v8 < 13.6 || v8 > 14.7) this.skip()
    const begun = /Start \(external memory pressure\)/
    const flags = ['--trace-incremental-marking']
    expect(collectionsOf(flags, BUFFERS)).to.match(begun)
    expect(collectionsOf(flags, `${SHORTEN}\n${BUFFERS}`)).not.to.match(begun)
  })

  it('collects before there is much more garbage than what is in use', () => {
    const flags = ['--max-semi-space-size=2', '--trace-gc-nvp']
    const text = collectionsOf(flags, `${SHORTEN}\n${GARBAGE}`)
    const sizes = [...text.matchAll(/gc=mc .*start_object_size=(\d+) end_object_size=(\d+)/g)]
    expect(sizes).to.have.length.above(5)
    // The first ones are of a heap that still grows.
    const growth = sizes.slice(2).map(([, start], i) => Number(start) / Number(sizes[i + 1]![2]))
    expect(Math.max(...growth)).to.be.below(2.7)
  })
})
