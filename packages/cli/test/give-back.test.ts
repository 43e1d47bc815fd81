import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'

const GIVE_BACK = new URL('../src/give-back.ts', import.meta.url).href

describe('giving memory back', () => {
  let folder: string
  let file: string

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-give-back-'))
    file = join(folder, 'program.mjs')
    // Leaves 40 MB behind, which V8 by itself would not collect for a while, and then does little.
    writeFileSync(
      file,
      `import { getHeapStatistics } from 'node:v8'
import { keepGivingBack } from ${JSON.stringify(GIVE_BACK)}
let objects = Array.from({ length: 400_000 }, (_, i) => ({ i, text: 'x' + i }))
const most = getHeapStatistics().used_heap_size
objects = undefined
keepGivingBack()
let some = []
setInterval(() => {
  some = [...some.slice(-1000), ...Array.from({ length: 1000 }, (_, i) => ({ i }))]
  const { used_heap_size: used } = getHeapStatistics()
  if (used < most / 2) process.send('given back')
}, 20)
`,
    )
  })

  after(() => {
    rmSync(folder, { recursive: true })
  })

  it('collects what was left behind, though the heap has room', async () => {
    const child = fork(file, { execArgv: ['--initial-old-space-size=512'] })
    try {
      const [message] = await once(child, 'message')
      expect(message).to.equal('given back')
    } finally {
      child.kill()
    }
  }).timeout(120_000)
})
