import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { ClusterFolder } from '../../../src/watch/cluster/cluster-folder.ts'
import { ClusterMember } from '../../../src/watch/cluster/cluster-member.ts'
import { pack, type Snapshot } from '../../../src/watch/cluster/snapshot.ts'

/** No process has so high a number. */
const DEAD = `2-${2 ** 22 + 1}`

const snapshot = (worker: string): Snapshot => ({ worker, attributes: {}, scopeMetrics: [] })

describe('a member of a cluster, with a disk that is full', () => {
  const { TMPDIR } = process.env
  let disk: string
  let member: ClusterMember | undefined

  before(function () {
    disk = mkdtempSync(join(tmpdir(), 'chokepoint-disk-'))
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { stdio: 'ignore' })
    } catch {
      // Only root may mount.
      rmSync(disk, { recursive: true })
      return this.skip()
    }
    process.env.TMPDIR = disk
  })

  after(async () => {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
    await member?.leave()
    if (!existsSync(disk)) return
    execFileSync('umount', ['--lazy', disk])
    rmSync(disk, { recursive: true })
  })

  it('tells what it knows, warns, and buries the dead when there is room again', async () => {
    const warnings: string[] = []
    const folder = new ClusterFolder(process.pid)
    member = new ClusterMember({
      folder,
      worker: '1',
      own: async () => snapshot('1'),
      warn: (subject, detail) => warnings.push(`${subject}: ${(detail as Error).message}`),
    })
    await member.join()
    writeFileSync(join(folder.path, `${DEAD}.sock`), '')
    folder.write(`${DEAD}.seen`, pack(snapshot('2')))
    const full = join(disk, 'full')
    try {
      writeFileSync(full, Buffer.alloc(1 << 20))
    } catch {
      // As full as it gets.
    }
    const { living, gone } = await member.collect()
    expect(living.map(({ worker }) => worker)).to.deep.equal(['1', '2'])
    expect(gone.names).to.deep.equal([])
    expect(warnings).to.have.length(2)
    expect(warnings[0]).to.match(/of this cluster have counted cannot be kept: ENOSPC/)
    rmSync(full)
    await member.collect()
    const after = await member.collect()
    expect(after.living.map(({ worker }) => worker)).to.deep.equal(['1'])
    expect(after.gone.names).to.deep.equal([DEAD])
    expect(warnings).to.have.length(2)
  })
})
