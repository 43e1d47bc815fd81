import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { expect } from 'chai'
import { createContainerProbe } from '../../../src/watch/probes/container.ts'
import { KERNEL_FILES, type KernelFiles } from '../../../src/watch/probes/kernel-files.ts'
import { fakeFiles, look, wait } from './collect.ts'

const ID = 'a'.repeat(64)
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
        `2 0 0:2 /docker/${ID} /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct`,
      '/proc/self/cgroup': `4:memory:/docker/${ID}\n3:cpu,cpuacct:/docker/${ID}\n`,
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
    })
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

  describe('in a group made for the test', () => {
    const names = ['cpu', 'cpuacct', 'memory']
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

    it('sees the quota and the throttling of stress-ng, and its memory limit', async () => {
      writeFileSync(`${pathOf('cpu')}/cpu.cfs_period_us`, '100000')
      writeFileSync(`${pathOf('cpu')}/cpu.cfs_quota_us`, '20000')
      writeFileSync(`${pathOf('memory')}/memory.limit_in_bytes`, String(64 << 20))
      const probe = createContainerProbe(filesOfGroup())
      look(probe)
      const inGroup = names.map((name) => `echo $$ > ${pathOf(name)}/cgroup.procs`).join(' && ')
      const stress = spawn('sh', [
        '-c',
        `${inGroup} && exec stress-ng --cpu 1 --timeout 3s --quiet`,
      ])
      const exited = new Promise((resolve) => stress.on('exit', resolve))
      await wait(500)
      look(probe)
      await wait(1500)
      const values = look(probe)
      await exited
      expect(values.get('container.cpu.limit')).to.equal(0.2)
      expect(values.get('container.cpu.usage')).to.be.within(0.02, 0.25)
      expect(values.get('container.cpu.throttled.time')).to.be.above(0.02)
      expect(values.get('container.cpu.throttled.periods')).to.be.at.least(1)
      expect(values.get('container.memory.limit')).to.equal(64 << 20)
      const used = Number(readFileSync(`${pathOf('memory')}/memory.usage_in_bytes`, 'utf8'))
      expect(values.get('container.memory.usage')).to.be.within(1, Math.max(used, 64 << 20))
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
