import { execFileSync } from 'node:child_process'
import {
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { KERNEL_FILES } from '../../../src/watch/probes/kernel-files.ts'
import { createProcessProbe } from '../../../src/watch/probes/process.ts'
import { fakeFiles, look } from './collect.ts'

describe('probe of the process', () => {
  it('reads memory, threads and time as ps does', () => {
    const values = look(createProcessProbe(KERNEL_FILES))
    const [rss, virtual, threads] = execFileSync('ps', [
      '-o',
      'rss=,vsz=,nlwp=',
      '-p',
      String(process.pid),
    ])
      .toString()
      .trim()
      .split(/\s+/)
      .map(Number)
    expect(values.get('process.memory.usage')! / 1024).to.be.closeTo(rss!, 0.1 * rss!)
    expect(values.get('process.memory.virtual')! / 1024).to.be.closeTo(virtual!, 0.1 * virtual!)
    expect(values.get('process.thread.count')).to.equal(threads)
    expect(values.get('process.uptime')).to.be.closeTo(process.uptime(), 5)
  })

  it('measures the part of all processors that this process uses', () => {
    const probe = createProcessProbe(KERNEL_FILES)
    look(probe)
    const before = process.cpuUsage()
    const startMs = performance.now()
    while (performance.now() - startMs < 300);
    const values = look(probe)
    const { user } = process.cpuUsage(before)
    const share = user / 1000 / (performance.now() - startMs)
    const parallelism = execFileSync('nproc').toString().trim()
    expect(values.get('process.cpu.utilization user')).to.be.closeTo(
      share / Number(parallelism),
      0.1,
    )
  })

  it('counts open descriptors', () => {
    const probe = createProcessProbe(KERNEL_FILES)
    const before = look(probe).get('process.unix.file_descriptor.count')
    expect(before).to.equal(readdirSync('/proc/self/fd').length - 1)
    const opened = Array.from({ length: 10 }, () => openSync('/dev/null', 'r'))
    expect(look(probe).get('process.unix.file_descriptor.count')).to.equal(before! + 10)
    for (const descriptor of opened) closeSync(descriptor)
  })

  it('counts the bytes that reach the disk', () => {
    const probe = createProcessProbe(KERNEL_FILES)
    const before = look(probe).get('process.disk.io write')!
    const directory = mkdtempSync(join(tmpdir(), 'chokepoint-'))
    const file = join(directory, 'block')
    writeFileSync(file, Buffer.alloc(4 << 20, 1))
    const descriptor = openSync(file, 'r+')
    fsyncSync(descriptor)
    closeSync(descriptor)
    const written = look(probe).get('process.disk.io write')! - before
    rmSync(directory, { recursive: true })
    expect(written).to.be.at.least(4 << 20)
  })

  it('leaves out what the system does not tell', () => {
    const values = look(createProcessProbe(fakeFiles({})))
    expect(values.has('process.thread.count')).to.equal(false)
    expect(values.has('process.disk.io read')).to.equal(false)
    expect(values.get('process.memory.usage')).to.be.above(1e6)
  })
})
