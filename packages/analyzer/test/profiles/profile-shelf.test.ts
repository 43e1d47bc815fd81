import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { ProfileShelf, type ShelfEntry } from '../../src/profiles/profile-shelf.ts'

const LIMITS = { profilesMax: 3, profilesBytesMax: 100 }

function entry(id: string, bytes: number): ShelfEntry {
  return {
    ...{ id, bytes, tenant: 'anonymous', service: 'shop', kind: 'cpu', seconds: 10 },
    time: '2026-01-01T00:00:00.000Z',
  }
}

describe('the shelf of profiles', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-shelf-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const ids = (shelf: ProfileShelf) => shelf.entries.map(({ id }) => id)
  const put = (shelf: ProfileShelf, id: string, bytes: number) =>
    shelf.put(entry(id, bytes), new Uint8Array(bytes).fill(7))

  for (const where of ['in a folder', 'in memory']) {
    it(`keeps the newest ${where}, bounded in number and in bytes`, async () => {
      const shelf = new ProfileShelf(where === 'in memory' ? undefined : folder, LIMITS)
      for (const id of ['a', 'b', 'c', 'd']) await put(shelf, id, 10)
      expect(ids(shelf)).to.deep.equal(['b', 'c', 'd'])
      await put(shelf, 'e', 85)
      expect(ids(shelf)).to.deep.equal(['d', 'e'])
      expect(await shelf.read('e')).to.have.length(85)
      if (where === 'in a folder') {
        expect(readdirSync(folder)).to.have.members(['d.pb.gz', 'e.pb.gz', 'index.json'])
      }
    })
  }

  it('has what it had after a restart, and clears up after a crash', async () => {
    await put(new ProfileShelf(folder, LIMITS), 'a', 10)
    writeFileSync(join(folder, 'torn.pb.gz'), 'half of it')
    writeFileSync(join(folder, 'index.json.new'), '[')
    const shelf = new ProfileShelf(folder, LIMITS)
    expect(ids(shelf)).to.deep.equal(['a'])
    expect(readdirSync(folder)).to.have.members(['a.pb.gz', 'index.json'])
    rmSync(join(folder, 'a.pb.gz'))
    expect(ids(new ProfileShelf(folder, LIMITS))).to.deep.equal([])
  })

  it('leaves nothing of a profile that cannot be written', async () => {
    const shelf = new ProfileShelf(folder, LIMITS)
    await put(shelf, 'a', 10)
    // A folder in the place of the index: what comes after the profile's own file fails.
    rmSync(join(folder, 'index.json'))
    mkdirSync(join(folder, 'index.json', 'in the way'), { recursive: true })
    const error = await put(shelf, 'b', 10).catch((caught: Error) => caught)
    expect(error).to.be.an('error')
    expect(ids(shelf)).to.deep.equal(['a'])
    expect(readdirSync(folder)).to.have.members(['a.pb.gz', 'index.json'])
  })
})
