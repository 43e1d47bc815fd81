import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import type { Frame } from '../../../src/watch/stall/hot-frames.ts'
import { SourceMaps } from '../../../src/watch/stall/source-maps.ts'

/** Line 1 of the built file stands at line 3 of the source, line 2 at line 5: `AAEA;AAEA`. */
const MAP = { version: 3, sources: ['../src/cart.ts'], names: [], mappings: 'AAEA;AAEA' }

describe('source maps', () => {
  let directory: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'chokepoint-'))
  })

  afterEach(() => rmSync(directory, { recursive: true }))

  /** The frame of line 2 of a built file that ends with a comment. */
  function frameOf(comment: string): Frame {
    const file = join(directory, 'cart.js')
    writeFileSync(file, `one()\ntwo()\n${comment}`)
    const where = { file, line: 2, column: 1 }
    return { function: 'two', ...where, share: 1, callee: '', hotLine: 2, oneLine: false }
  }

  const source = () => join(directory, '../src/cart.ts')
  const inline = (map: object) => {
    const base64 = Buffer.from(JSON.stringify(map)).toString('base64')
    return `//# sourceMappingURL=data:application/json;charset=utf-8;base64,${base64}\n`
  }

  it('are read from the file itself', () => {
    const frame = new SourceMaps().apply(frameOf(inline(MAP)))
    expect(frame).to.include({ function: 'two', file: source(), line: 5, hotLine: 0 })
  })

  it('are read from a file beside it', () => {
    writeFileSync(join(directory, 'cart js.map'), JSON.stringify(MAP))
    const frame = new SourceMaps().apply(frameOf('//# sourceMappingURL=cart%20js.map'))
    expect(frame).to.include({ file: source(), line: 5 })
  })

  it('may name the source by its address', () => {
    const file = join(directory, 'elsewhere.ts')
    const map = { ...MAP, sources: [pathToFileURL(file).href] }
    expect(new SourceMaps().apply(frameOf(inline(map)))).to.include({ file, line: 5 })
  })

  it('change nothing when there is none, or one that is broken or away', () => {
    for (const comment of ['', '//# sourceMappingURL=away.map', inline({ version: 3 })]) {
      const frame = frameOf(comment)
      expect(new SourceMaps().apply(frame), comment).to.deep.equal(frame)
    }
    const broken = frameOf('//# sourceMappingURL=data:application/json;base64,e30x')
    expect(new SourceMaps().apply(broken)).to.deep.equal(broken)
  })

  it('change nothing of what is no file', () => {
    const frame = { ...frameOf(''), file: '' }
    expect(new SourceMaps().apply(frame)).to.equal(frame)
  })

  it('are read once for each file', () => {
    const maps = new SourceMaps()
    const frame = frameOf(inline(MAP))
    maps.apply(frame)
    rmSync(frame.file)
    expect(maps.apply(frame).line).to.equal(5)
  })
})
