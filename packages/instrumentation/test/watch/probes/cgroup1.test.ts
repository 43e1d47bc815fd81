import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { until } from '../../../../../tools/testing/until.ts'
import { createContainerProbe } from '../../../src/watch/probes/container.ts'
import { KERNEL_FILES, type KernelFiles } from '../../../src/watch/probes/kernel-files.ts'
import { busyFor, look, wait } from './collect.ts'

describe('probe of the container, in a real group of version 1', () => {
  const names = ['cpu', 'cpuacct', 'memory', 'blkio']
  const pathOf = (name: string) => `/sys/fs/cgroup/${name}/chokepoint-test-${process.pid}`

  before(function () {
    try {
      for (const name of names) mkdirSync(pathOf(name))
    } catch {
      this.skip()
    }
  })

  after(() => {
    for (const name of names) {
      try {
        rmdirSync(pathOf(name))
      } catch {
        // It was never made.
      }
    }
  })

  /** The real files, seen as a process in the group sees them. */
  function filesOfGroup(): KernelFiles {
    const cgroup = names.map((name) => `1:${name}:/chokepoint-test-${process.pid}`).join('\n')
    const mounts = KERNEL_FILES.read('/proc/self/mountinfo') ?? ''
    return {
      ...KERNEL_FILES,
      read: (path) =>
        path === '/proc/self/cgroup'
          ? cgroup
          : path === '/proc/self/mountinfo'
            ? mounts
            : KERNEL_FILES.read(path),
    }
  }

  it('sees the quota and the throttling of a busy process, and its memory limit', async () => {
    writeFileSync(`${pathOf('cpu')}/cpu.cfs_period_us`, '100000')
    writeFileSync(`${pathOf('cpu')}/cpu.cfs_quota_us`, '20000')
    writeFileSync(`${pathOf('memory')}/memory.limit_in_bytes`, String(64 << 20))
    const probe = createContainerProbe(filesOfGroup())
    const inGroup = names.map((name) => `echo $$ > ${pathOf(name)}/cgroup.procs`).join(' && ')
    const stress = spawn('sh', ['-c', `${inGroup} && ${busyFor(60)}`])
    const exited = new Promise((resolve) => stress.on('exit', resolve))
    let values = look(probe)
    await until('use and throttling', async () => {
      await wait(1000)
      values = look(probe)
      const used = values.get('container.cpu.usage') ?? 0
      return used > 0.02 && values.get('container.cpu.throttled.time')! > 0.02
    })
    stress.kill('SIGKILL')
    await exited
    expect(values.get('container.cpu.limit')).to.equal(0.2)
    expect(values.get('container.cpu.usage')).to.be.within(0.02, 0.25)
    expect(values.get('container.cpu.throttled.time')).to.be.above(0.02)
    expect(values.get('container.cpu.throttled.periods')).to.be.at.least(1)
    expect(values.get('container.memory.limit')).to.equal(64 << 20)
    const used = Number(readFileSync(`${pathOf('memory')}/memory.usage_in_bytes`, 'utf8'))
    expect(values.get('container.memory.usage')).to.be.within(1, Math.max(used, 64 << 20))
  })

  it('counts the bytes that a process of the group writes to the disk', function () {
    const probe = createContainerProbe(filesOfGroup())
    const before = look(probe).get('container.disk.io write') ?? 0
    for (const disk of KERNEL_FILES.list('/sys/block').filter((name) =>
      /^(vd|sd|nvme)/.test(name),
    )) {
      const device = KERNEL_FILES.read(`/sys/block/${disk}/dev`)?.trim()
      writeFileSync(`${pathOf('blkio')}/blkio.throttle.write_bps_device`, `${device} 10000000000`)
    }
    const file = join(process.cwd(), `.chokepoint-disk-${process.pid}`)
    const script = `echo $$ > ${pathOf('blkio')}/cgroup.procs && exec dd if=/dev/zero of=${file} bs=1M count=8 oflag=direct`
    try {
      execFileSync('sh', ['-c', script], { stdio: 'ignore' })
    } catch {
      // The file system of the working directory cannot write past its cache.
      return this.skip()
    } finally {
      rmSync(file, { force: true })
    }
    expect((look(probe).get('container.disk.io write') ?? 0) - before).to.be.within(
      8 << 20,
      9 << 20,
    )
  })

  it('counts what the kernel kills for memory', async () => {
    writeFileSync(`${pathOf('memory')}/memory.limit_in_bytes`, String(32 << 20))
    const probe = createContainerProbe(filesOfGroup())
    const before = look(probe).get('container.memory.events oom_kill') ?? 0
    const script = `echo $$ > ${pathOf('memory')}/cgroup.procs && exec tail /dev/zero`
    try {
      execFileSync('sh', ['-c', script], { stdio: 'ignore' })
    } catch {
      // It was killed, as it should be.
    }
    const values = look(probe)
    expect(values.get('container.memory.events oom_kill')).to.equal(before + 1)
    expect(values.get('container.memory.events max')).to.be.above(0)
  })
})
