import { execFileSync, spawn } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { cpus, freemem, totalmem, uptime } from 'node:os'
import { expect } from 'chai'
import { createProbes } from '../../../src/watch/probes/all-probes.ts'
import { KERNEL_FILES } from '../../../src/watch/probes/kernel-files.ts'
import { createPortableHostProbe } from '../../../src/watch/probes/portable.ts'
import { RuntimeHistory } from '../../../src/watch/probes/runtime-history.ts'
import { createSystemCpuProbe } from '../../../src/watch/probes/system-cpu.ts'
import { createSystemDiskProbe } from '../../../src/watch/probes/system-disk.ts'
import { createSystemFilesystemProbe } from '../../../src/watch/probes/system-filesystem.ts'
import {
  createLoadProbe,
  createPressureProbe,
  createUptimeProbe,
} from '../../../src/watch/probes/system-load.ts'
import {
  createSystemMemoryProbe,
  createSystemPagingProbe,
} from '../../../src/watch/probes/system-memory.ts'
import {
  createConnectionProbe,
  createSystemNetworkProbe,
} from '../../../src/watch/probes/system-network.ts'
import { createProcessCountProbe } from '../../../src/watch/probes/system-processes.ts'
import { ThreadPoolCanary } from '../../../src/watch/probes/thread-pool.ts'
import { fakeFiles, look, now, type Values, wait } from './collect.ts'

function sumOf(values: Values, prefix: string): number {
  const found = Array.from(values).filter(([key]) => key.startsWith(prefix))
  return found.reduce((sum, [, value]) => sum + value, 0)
}

const onLinux = process.platform === 'linux' ? describe : describe.skip

onLinux('probes of the host', () => {
  it('read the processor times that os.cpus() reads', () => {
    const values = look(createSystemCpuProbe(KERNEL_FILES))
    expect(values.get('system.cpu.logical.count')).to.equal(cpus().length)
    for (const [number, { times }] of cpus().entries()) {
      expect(values.get(`system.cpu.time user ${number}`)).to.be.closeTo(times.user / 1000, 0.5)
      expect(values.get(`system.cpu.time idle ${number}`)).to.be.closeTo(times.idle / 1000, 0.5)
    }
  })

  it('give utilizations from 0 to 1 that add up to 1 for each processor', async () => {
    const probe = createSystemCpuProbe(KERNEL_FILES)
    expect(sumOf(look(probe), 'system.cpu.utilization')).to.equal(0)
    await wait(300)
    const values = look(probe)
    const shares = Array.from(values).filter(([key]) => key.startsWith('system.cpu.utilization'))
    expect(shares.every(([, share]) => share >= 0 && share <= 1)).to.equal(true)
    expect(sumOf(values, 'system.cpu.utilization')).to.be.closeTo(cpus().length, 1e-9)
  })

  it('see the processor time that stress-ng burns', async function () {
    const probe = createSystemCpuProbe(KERNEL_FILES)
    look(probe)
    const stress = spawn('stress-ng', ['--cpu', '1', '--timeout', '2s', '--quiet'])
    stress.on('error', () => this.skip())
    await wait(1_000)
    const values = look(probe)
    stress.kill()
    const busy = sumOf(values, 'system.cpu.utilization user')
    expect(busy).to.be.within(0.5, cpus().length)
  })

  it('split the memory into states that add up to what os.totalmem() says', () => {
    const values = look(createSystemMemoryProbe(KERNEL_FILES))
    expect(values.get('system.memory.limit')).to.equal(totalmem())
    expect(sumOf(values, 'system.memory.usage')).to.equal(totalmem())
    expect(sumOf(values, 'system.memory.utilization')).to.be.closeTo(1, 1e-9)
    const available = values.get('system.memory.linux.available')
    expect(available).to.be.closeTo(freemem(), 0.02 * totalmem())
  })

  it('leave swap out when there is none', () => {
    const files = fakeFiles({ '/proc/meminfo': 'MemTotal: 100 kB\nSwapTotal: 0 kB\n' })
    const names = Array.from(look(createSystemMemoryProbe(files)).keys())
    expect(names.some((name) => name.startsWith('system.paging'))).to.equal(false)
  })

  it('tell page faults apart', () => {
    const files = fakeFiles({ '/proc/vmstat': 'pgfault 100\npgmajfault 7\npswpin 3\npgpgout 5\n' })
    expect(Object.fromEntries(look(createSystemPagingProbe(files)))).to.deep.equal({
      'system.paging.faults major': 7,
      'system.paging.faults minor': 93,
      'system.paging.operations major in': 3,
      'system.paging.operations minor out': 5,
    })
  })

  it('read whole disks with sectors of 512 bytes and times in seconds', () => {
    const line = '8 0 sda 10 1 200 3000 20 2 400 5000 0 7000 8000'
    const files = fakeFiles(
      { '/proc/diskstats': `${line}\n8 1 sda1 1 1 1 1 1 1 1 1 0 1 1\n7 0 loop0 1 1 1 1 1\n` },
      { '/sys/block': ['sda', 'loop0'] },
    )
    expect(Object.fromEntries(look(createSystemDiskProbe(files)))).to.deep.equal({
      'system.disk.io sda read': 102_400,
      'system.disk.io sda write': 204_800,
      'system.disk.operations sda read': 10,
      'system.disk.operations sda write': 20,
      'system.disk.operation_time sda read': 3,
      'system.disk.operation_time sda write': 5,
      'system.disk.io_time sda': 7,
    })
  })

  it('see the same space of / as df', () => {
    const [, line = ''] = execFileSync('df', ['-B1', '/']).toString().split('\n')
    const [device, size, used, available, percent] = line.split(/\s+/)
    const values = look(createSystemFilesystemProbe(KERNEL_FILES))
    const of = (name: string) =>
      Array.from(values).find(([key]) => key.startsWith(name) && key.includes(`${device} / `))?.[1]
    const slack = 50e6
    expect(of('system.filesystem.limit')).to.be.closeTo(Number(size), slack)
    const usage = (state: string) =>
      Array.from(values).find(
        ([key]) => key.startsWith(`system.filesystem.usage ${device} / `) && key.endsWith(state),
      )?.[1]
    expect(usage('used')).to.be.closeTo(Number(used), slack)
    expect(usage('free')).to.be.closeTo(Number(available), slack)
    const share = of('system.filesystem.utilization') ?? Number.NaN
    expect(share * 100).to.be.closeTo(Number.parseInt(percent ?? '', 10), 1.1)
  })

  it('skip pseudo and remote file systems, and name a device once', () => {
    const asked: string[] = []
    const files = {
      ...fakeFiles({
        '/proc/self/mountinfo': [
          '1 0 8:1 / / rw - ext4 /dev/sda1 rw',
          '2 1 8:1 /etc/hosts /etc/hosts rw - ext4 /dev/sda1 rw',
          '3 1 0:5 / /proc rw - proc proc rw',
          '4 1 0:6 / /mnt/share rw - nfs4 server:/share rw',
          '5 1 8:2 / /my\\040data rw - xfs /dev/sdb1 rw',
        ].join('\n'),
      }),
      statfs: (path: string) => {
        asked.push(path)
        return undefined
      },
    }
    look(createSystemFilesystemProbe(files))
    expect(asked).to.deep.equal(['/', '/my data'])
  })

  it('count the bytes that a connection over the loopback moves', async () => {
    const probe = createSystemNetworkProbe(KERNEL_FILES)
    const before = look(probe)
    const sys = Number(KERNEL_FILES.read('/sys/class/net/lo/statistics/rx_bytes'))
    expect(before.get('system.network.io lo receive')).to.be.within(sys - 1e9, sys)
    expect(before.get('system.network.packet.count lo transmit')).to.be.a('number')
    expect(before.get('system.network.errors lo transmit')).to.equal(0)
  })

  it('count connections by state, and none when there are too many to walk', () => {
    const tcp =
      '  sl  local_address rem_address   st\n' +
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n' +
      '   1: 0100007F:1F90 0100007F:9999 01 00000000:00000000\n'
    const few = fakeFiles({
      '/proc/self/net/sockstat': 'TCP: inuse 2 orphan 0 tw 0 alloc 3 mem 0\n',
      '/proc/self/net/tcp': tcp,
    })
    const values = look(createConnectionProbe(few))
    expect(values.get('system.network.connection.count tcp listen')).to.equal(1)
    expect(values.get('system.network.connection.count tcp established')).to.equal(1)
    expect(values.get('system.network.connection.count tcp time_wait')).to.equal(0)
    const many = fakeFiles({
      '/proc/self/net/sockstat': 'TCP: inuse 4000 orphan 0 tw 2000 alloc 3 mem 0\n',
      '/proc/self/net/tcp': tcp,
    })
    expect(look(createConnectionProbe(many)).size).to.equal(0)
  })

  it('count the processes that ps counts', () => {
    const listed = execFileSync('ps', ['-e', '-o', 'stat=']).toString().trim().split('\n').length
    const values = look(createProcessCountProbe(KERNEL_FILES))
    // ps itself is one of those that it lists, and others come and go.
    expect(sumOf(values, 'system.process.count')).to.be.closeTo(listed, 8)
    expect(values.get('system.process.count running')).to.be.at.least(1)
  })

  it('know a defunct process whose name looks like the end of its name', () => {
    const files = fakeFiles({ '/proc/7/stat': '7 (x) R) Z 1 7' }, { '/proc': ['7', 'self'] })
    const values = look(createProcessCountProbe(files))
    expect(values.get('system.process.count defunct')).to.equal(1)
    expect(values.get('system.process.count running')).to.equal(0)
  })

  it('read load, uptime and pressure', () => {
    const files = fakeFiles({
      '/proc/loadavg': '0.42 1.5 2 1/234 999\n',
      '/proc/uptime': '123.45 99.9\n',
      '/proc/pressure/io':
        'some avg10=12.50 avg60=0.89 avg300=0.92 total=28769059\n' +
        'full avg10=0.00 avg60=0.00 avg300=0.00 total=5\n',
    })
    const values = Object.fromEntries([
      ...look(createLoadProbe(files)),
      ...look(createUptimeProbe(files)),
      ...look(createPressureProbe(files)),
    ])
    expect(values).to.deep.equal({
      'system.linux.load 1m': 0.42,
      'system.linux.load 5m': 1.5,
      'system.linux.load 15m': 2,
      'system.uptime': 123.45,
      'system.linux.psi.time io some': 28.769059,
      'system.linux.psi.avg10 io some': 0.125,
      'system.linux.psi.time io full': 0.000005,
      'system.linux.psi.avg10 io full': 0,
    })
    expect(look(createUptimeProbe(KERNEL_FILES)).get('system.uptime')).to.be.closeTo(uptime(), 1)
  })

  it('have values of their own for each reader', async () => {
    const [first, second] = [createSystemCpuProbe(KERNEL_FILES), createSystemCpuProbe(KERNEL_FILES)]
    look(first, now())
    look(second, now())
    await wait(200)
    look(second, now())
    await wait(50)
    look(second, now())
    expect(sumOf(look(first, now()), 'system.cpu.utilization')).to.be.closeTo(cpus().length, 1e-9)
  })
})

describe('the portable probe of the host', () => {
  it('tells what Node can tell where there is no /proc', async () => {
    const probe = createPortableHostProbe(KERNEL_FILES)
    look(probe)
    await wait(200)
    const values = look(probe)
    expect(sumOf(values, 'system.cpu.utilization')).to.be.closeTo(cpus().length, 1e-9)
    expect(sumOf(values, 'system.memory.usage')).to.equal(totalmem())
    expect(values.get('system.uptime')).to.be.closeTo(uptime(), 1)
    const { blocks, bsize, bavail } = statfsSync('/')
    expect(values.get('system.filesystem.limit /')).to.equal(blocks * bsize)
    expect(values.get('system.filesystem.usage / free')).to.be.closeTo(bavail * bsize, 1e9)
  })

  it('takes the place of the others on a platform without /proc, beside what the process tells', async () => {
    const canary = new ThreadPoolCanary(() => performance.now())
    const groups = createProbes({
      files: { ...fakeFiles({}), statfs: KERNEL_FILES.statfs },
      canary,
      runtime: new RuntimeHistory(),
      blockedMs: () => 0,
      startedAtMs: performance.timeOrigin,
      clock: now,
      onError: (error) => {
        throw error
      },
    })
    await wait(50)
    const names = new Set(
      groups.flatMap((group) => group.collect(now())).map(({ descriptor }) => descriptor.name),
    )
    canary.close()
    expect(Array.from(names).sort()).to.deep.equal([
      'nodejs.threadpool.delay',
      'process.context_switches',
      'process.cpu.time',
      'process.cpu.utilization',
      'process.memory.usage',
      'process.paging.faults',
      'process.uptime',
      'system.cpu.logical.count',
      'system.cpu.time',
      'system.cpu.utilization',
      'system.filesystem.limit',
      'system.filesystem.usage',
      'system.filesystem.utilization',
      'system.memory.limit',
      'system.memory.usage',
      'system.memory.utilization',
      'system.uptime',
    ])
  })
})
