import { expect } from 'chai'
import { createContainerProbe } from '../../../src/watch/probes/container.ts'
import { fakeFiles, look } from './collect.ts'

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
})
