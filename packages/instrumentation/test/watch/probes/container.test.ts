import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { until } from '../../../../../tools/testing/until.ts'
import { createContainerProbe } from '../../../src/watch/probes/container.ts'
import { KERNEL_FILES, type KernelFiles } from '../../../src/watch/probes/kernel-files.ts'
import { fakeFiles, look, wait } from './collect.ts'

const ID = 'a'.repeat(64)
/** A command that keeps a processor busy. */
const busyFor = (seconds: number) =>
  `exec ${process.execPath} -e 'for (const end = Date.now() + ${seconds}000; Date.now() < end; );'`

const V2_MOUNT = '30 20 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw'

describe('probe of the container', () => {
  it('reads version 2, with the tightest limit of the group and those above it', () => {
    const own = '/sys/fs/cgroup/shop.slice/app'
    const texts = {
      '/proc/self/mountinfo': V2_MOUNT,
      '/proc/self/cgroup': '0::/shop.slice/app\n',
      [`${own}/cpu.stat`]:
        'usage_usec 3000000\nuser_usec 2000000\nsystem_usec 1000000\n' +
        'nr_periods 100\nnr_throttled 40\nthrottled_usec 2500000\n',
      [`${own}/cpu.max`]: 'max 100000\n',
      '/sys/fs/cgroup/shop.slice/cpu.max': '150000 100000\n',
      [`${own}/memory.current`]: '700\n',
      '/sys/fs/cgroup/shop.slice/memory.current': '900\n',
      [`${own}/memory.stat`]: 'anon 500\ninactive_file 200\n',
      [`${own}/memory.max`]: '1000\n',
      '/sys/fs/cgroup/shop.slice/memory.max': 'max\n',
      [`${own}/io.stat`]:
        '8:0 rbytes=1000 wbytes=2000 rios=1 wios=2 dbytes=0 dios=0\n' +
        '8:16 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n',
      [`${own}/memory.events`]: 'low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\n',
    }
    const probe = createContainerProbe(fakeFiles(texts))
    look(probe, { wallMs: 0, monotonicMs: 1000 })
    texts[`${own}/cpu.stat`] = texts[`${own}/cpu.stat`]!.replace('3000000', '4000000')
    const values = look(probe, { wallMs: 0, monotonicMs: 3000 })
    expect(Object.fromEntries(values)).to.deep.equal({
      'container.cpu.time user': 2,
      'container.cpu.time system': 1,
      'container.cpu.usage': 0.5,
      'container.cpu.limit': 1.5,
      'container.cpu.periods': 100,
      'container.cpu.throttled.periods': 40,
      'container.cpu.throttled.time': 2.5,
      'container.memory.usage': 700,
      'container.memory.limit': 1000,
      'container.memory.working_set': 500,
      'container.memory.available': 500,
      'container.disk.io read': 1010,
      'container.disk.io write': 2020,
      'container.memory.events low': 0,
      'container.memory.events high': 1,
      'container.memory.events max': 2,
      'container.memory.events oom': 3,
      'container.memory.events oom_kill': 4,
    })
  })

  it('reads its own part when the path is that of the host and the mount that of the container', () => {
    const files = fakeFiles({
      '/proc/self/mountinfo':
        `1 0 0:1 /docker/${ID} /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n` +
        `2 0 0:2 /docker/${ID} /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n` +
        `3 0 0:3 /docker/${ID} /sys/fs/cgroup/blkio ro - cgroup cgroup rw,blkio`,
      '/proc/self/cgroup': `4:memory:/docker/${ID}\n3:cpu,cpuacct:/docker/${ID}\n2:blkio:/docker/${ID}\n`,
      '/sys/fs/cgroup/blkio/blkio.throttle.io_service_bytes_recursive':
        '8:0 Read 500\n8:0 Write 700\n8:0 Total 1200\n8:16 Read 5\n8:16 Write 7\nTotal 1212\n',
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': '123\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '50000\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/cpu/cpuacct.usage': '2000000000\n',
    })
    const values = look(createContainerProbe(files))
    expect(Object.fromEntries(values)).to.deep.equal({
      'container.cpu.limit': 0.5,
      'container.memory.usage': 123,
      'container.disk.io read': 505,
      'container.disk.io write': 707,
    })
  })

  it('tells nothing of the disk where version 1 does not count it', () => {
    const files = fakeFiles({
      '/proc/self/mountinfo':
        '1 0 0:1 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n' +
        '2 0 0:2 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio',
      '/proc/self/cgroup': '2:cpu:/app\n1:blkio:/app\n',
      '/sys/fs/cgroup/blkio/app/blkio.throttle.io_service_bytes_recursive': 'Total 0\n',
    })
    expect(look(createContainerProbe(files)).size).to.equal(0)
  })

  it('takes the root group of a bare host for what it is: no container', () => {
    const version2 = fakeFiles({
      '/proc/self/mountinfo': V2_MOUNT,
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/cpu.stat': 'usage_usec 3000000\n',
    })
    expect(look(createContainerProbe(version2)).size).to.equal(0)
    const version1 = fakeFiles({
      '/proc/self/mountinfo': '1 0 0:1 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu',
      '/proc/self/cgroup': '1:cpu:/\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
    })
    expect(look(createContainerProbe(version1)).size).to.equal(0)
    expect(look(createContainerProbe(fakeFiles({}))).size).to.equal(0)
  })

  describe('in a group of version 2 made for the test', () => {
    const mount = /^\S+ \S+ \S+ \/ (\S+) .* - cgroup2 /m.exec(
      KERNEL_FILES.read('/proc/self/mountinfo') ?? '',
    )?.[1]
    const group = `${mount}/chokepoint-test-${process.pid}`
    const enter = `echo $$ > ${group}/cgroup.procs`

    before(function () {
      try {
        if (mount === undefined) return this.skip()
        mkdirSync(group)
      } catch {
        this.skip()
      }
    })

    after(() => {
      if (mount !== undefined && KERNEL_FILES.size(group) !== undefined) rmdirSync(group)
    })

    /** The real files, seen as a process in the group sees them. */
    const filesOfGroup: KernelFiles = {
      ...KERNEL_FILES,
      read: (path) => {
        if (path === '/proc/self/cgroup') return `0::/chokepoint-test-${process.pid}\n`
        if (path === '/proc/self/mountinfo') return `30 20 0:27 / ${mount} rw - cgroup2 cgroup2 rw`
        // Where version 1 has the controllers the group has the processor time and nothing else.
        if (path === `${group}/memory.current`) return KERNEL_FILES.read(path) ?? '1'
        return KERNEL_FILES.read(path)
      },
    }

    it('counts the processor time of a busy process', () => {
      const probe = createContainerProbe(filesOfGroup)
      expect(look(probe).get('container.cpu.time user')).to.be.below(0.1)
      execFileSync('sh', ['-c', `${enter} && ${busyFor(1)}`], { stdio: 'ignore' })
      const values = look(probe)
      const seconds =
        values.get('container.cpu.time user')! + values.get('container.cpu.time system')!
      expect(seconds).to.be.within(0.02, 1.5)
      const [, microseconds] = /^usage_usec (\d+)$/m.exec(KERNEL_FILES.read(`${group}/cpu.stat`)!)!
      expect(seconds).to.be.closeTo(Number(microseconds) / 1e6, 0.05)
    })

    it('sees the quota and the throttling of a busy process, its memory limit, and what is killed', async function () {
      const controllers = (KERNEL_FILES.read(`${mount}/cgroup.controllers`) ?? '').trim()
      try {
        writeFileSync(`${mount}/cgroup.subtree_control`, '+cpu +memory')
      } catch (error) {
        // Version 1 has them, or processes live in the group above, which then cannot give them on.
        const why = (error as Error).message
        console.log(
          `      version 2 gives no cpu and memory here (it has "${controllers}"): ${why}`,
        )
        return this.skip()
      }
      writeFileSync(`${group}/cpu.max`, '20000 100000')
      writeFileSync(`${group}/memory.max`, String(256 << 20))
      const probe = createContainerProbe(filesOfGroup)
      const busy = spawn('sh', ['-c', `${enter} && ${busyFor(60)}`], { stdio: 'ignore' })
      const ended = new Promise((resolve) => busy.once('exit', resolve))
      let values = look(probe)
      await until('throttling', () => {
        values = look(probe)
        return values.get('container.cpu.throttled.periods')! >= 3
      })
      const stat = KERNEL_FILES.read(`${group}/cpu.stat`)!
      busy.kill('SIGKILL')
      await ended
      expect(values.get('container.cpu.limit')).to.equal(0.2)
      const [, microseconds] = /^throttled_usec (\d+)$/m.exec(stat)!
      const throttled = values.get('container.cpu.throttled.time')!
      expect(throttled).to.be.within(0.001, Number(microseconds) / 1e6 + 0.001)
      expect(values.get('container.memory.limit')).to.equal(256 << 20)
      expect(values.get('container.memory.usage')).to.be.within(1, 256 << 20)

      writeFileSync(`${group}/memory.max`, String(16 << 20))
      try {
        execFileSync('sh', ['-c', `${enter} && exec tail /dev/zero`], { stdio: 'ignore' })
      } catch {
        // It was killed, as it should be.
      }
      const after = look(probe)
      expect(after.get('container.memory.events oom_kill')).to.equal(1)
      expect(after.get('container.memory.events max')).to.be.above(0)
    })
  })

  describe('in a group made for the test', () => {
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
})
