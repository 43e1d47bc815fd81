import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { gatherPieces, replaceFile } from '../src/replace-file.ts'

describe('a file that is replaced', () => {
  let folder = ''

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-replace-'))
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  it('has the new text, and nothing else is left', async () => {
    const file = join(folder, 'sub', 'file')
    await replaceFile(file, ['old'])
    await replaceFile(file, ['né', 'w'])
    expect(readFileSync(file, 'utf8')).to.equal('néw')
    expect(readdirSync(join(folder, 'sub'))).to.deep.equal(['file'])
  })

  it('has the old text when the new one breaks off', async () => {
    const file = join(folder, 'file')
    await replaceFile(file, ['old'])
    const broken = function* () {
      yield 'new'
      throw new RangeError('broken off')
    }
    const outcome = await replaceFile(file, broken()).catch(String)
    expect(outcome).to.equal('RangeError: broken off')
    expect(readFileSync(file, 'utf8')).to.equal('old')
  })

  it('lets others be served between its pieces', async () => {
    const text = 'x'.repeat(1000)
    let served = 0
    const serve = () => {
      served++
      if (served < 1000) setImmediate(serve)
    }
    setImmediate(serve)
    const pieces = await gatherPieces(Array.from({ length: 2000 }, () => text))
    expect(pieces.join('')).to.equal(text.repeat(2000))
    expect(served).to.be.at.least(pieces.length - 1)
    expect(pieces.length).to.be.within(20, 40)
    served = 1000
  })
})
