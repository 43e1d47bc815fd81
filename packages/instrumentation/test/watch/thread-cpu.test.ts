import { expect } from 'chai'
import { readThreadBytes } from '../../src/watch/thread-bytes.ts'
import { readThreadCpuSeconds } from '../../src/watch/thread-cpu.ts'

describe('what the calling thread uses', () => {
  it('is its processor time, and none of other threads', () => {
    const before = readThreadCpuSeconds()!
    const ofProcess = process.cpuUsage()
    const endMs = performance.now() + 100
    while (performance.now() < endMs);
    const added = readThreadCpuSeconds()! - before
    const { user, system } = process.cpuUsage(ofProcess)
    expect(added).to.be.within(0.001, (user + system) / 1e6 + 0.02)
  })

  it('is its memory, with the buffers that it holds', () => {
    const before = readThreadBytes()
    const held = Buffer.alloc(32 << 20)
    expect(readThreadBytes() - before).to.be.within(held.length / 2, 2 * held.length)
  })
})
