import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect } from 'chai'
import { PROFILES_MAX, writeProfile } from '../../../src/watch/profiles/profile-files.ts'

describe('profile files', () => {
  let directory: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'chokepoint-'))
  })

  afterEach(() => rmSync(directory, { recursive: true }))

  it('are whole, are named by time, kind and process, and are the owner’s', async () => {
    const folder = join(directory, 'made/for/it')
    const path = await writeProfile(folder, 'heap', Buffer.from('profile'), 1_700_000_000_000)
    expect(path).to.equal(
      join(folder, `chokepoint-2023-11-14T22-13-20.000Z-heap-${process.pid}.pb.gz`),
    )
    expect(readFileSync(path, 'utf8')).to.equal('profile')
    expect(statSync(path).mode & 0o777).to.equal(0o600)
    expect(readdirSync(folder)).to.have.length(1)
  })

  it('make room for new ones, the oldest first, and leave other files alone', async () => {
    writeFileSync(join(directory, 'chokepoint-notes.txt'), '')
    const paths: string[] = []
    for (let second = 0; second < PROFILES_MAX + 3; second++) {
      paths.push(await writeProfile(directory, 'cpu', Buffer.from('x'), 1000 * second))
    }
    expect(readdirSync(directory).sort()).to.deep.equal(
      [...paths.slice(3).map((path) => basename(path)), 'chokepoint-notes.txt'].sort(),
    )
  })

  it('do not follow a link that somebody has laid in their way', async () => {
    const name = `chokepoint-1970-01-01T00-00-00.000Z-cpu-${process.pid}.pb.gz.part`
    writeFileSync(join(directory, name), 'not ours')
    const error = await writeProfile(directory, 'cpu', Buffer.from('x'), 0).catch(
      (reason) => reason,
    )
    expect(error).to.include({ code: 'EEXIST' })
    expect(readFileSync(join(directory, name), 'utf8')).to.equal('not ours')
  })
})
