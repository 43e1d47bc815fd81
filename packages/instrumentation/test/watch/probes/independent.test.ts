import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { expect } from 'chai'
import { eventually } from '../../../../../tools/testing/eventually.ts'
import { KERNEL_FILES } from '../../../src/watch/probes/kernel-files.ts'
import { createProcessProbe } from '../../../src/watch/probes/process.ts'
import { createSystemDiskProbe } from '../../../src/watch/probes/system-disk.ts'
import { createLoadProbe, createPressureProbe } from '../../../src/watch/probes/system-load.ts'
import {
  createSystemMemoryProbe,
  createSystemPagingProbe,
} from '../../../src/watch/probes/system-memory.ts'
import {
  createConnectionProbe,
  createSystemNetworkProbe,
} from '../../../src/watch/probes/system-network.ts'
import { look, type Values, wait } from './collect.ts'

/** What a program prints; skips the test where the program is not installed. */
function printed(context: Mocha.Context, program: string, ...args: readonly string[]): string {
  try {
    return execFileSync(program, args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') context.skip()
    throw error
  }
}

const numberIn = (path: string) => Number(readFileSync(path, 'utf8'))

/** Of a counter that others move, too, the value lies between two readings of the other source. */
function expectBetween(before: number, value: number | undefined, after: number, what: string) {
  expect(value, what).to.be.within(before, after)
}

describe('probes, held against what other programs tell', () => {
  it('memory and swap: free', async function () {
    await eventually(() => {
      const rows = printed(this, 'free', '-b')
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
      const [, memory = [], swap = []] = rows
      const values = look(createSystemMemoryProbe(KERNEL_FILES))
      const slack = 0.02 * Number(memory[1])
      expect(values.get('system.memory.limit')).to.equal(Number(memory[1]))
      expect(values.get('system.memory.usage free')).to.be.closeTo(Number(memory[3]), slack)
      const cache =
        values.get('system.memory.usage cached')! + values.get('system.memory.usage buffers')!
      expect(cache).to.be.closeTo(Number(memory[5]), slack)
      expect(values.get('system.memory.linux.available')).to.be.closeTo(Number(memory[6]), slack)
      if (Number(swap[1]) === 0) return
      expect(values.get('system.paging.usage used')).to.be.closeTo(Number(swap[2]), slack)
      expect(values.get('system.paging.usage free')).to.be.closeTo(Number(swap[3]), slack)
    })
  })

  it('pages moved: vmstat', function () {
    const count = (text: string, what: string) =>
      Number(new RegExp(`^ *(\\d+) (K |pages )?${what}$`, 'm').exec(text)?.[1])
    const before = printed(this, 'vmstat', '-s')
    const values = look(createSystemPagingProbe(KERNEL_FILES))
    const after = printed(this, 'vmstat', '-s')
    for (const [key, what] of [
      ['minor in', 'paged in'],
      ['minor out', 'paged out'],
      ['major in', 'swapped in'],
      ['major out', 'swapped out'],
    ] as const) {
      const value = values.get(`system.paging.operations ${key}`)
      expectBetween(count(before, what), value, count(after, what), what)
    }
  })

  it('disks: /sys/block', function () {
    const disks = KERNEL_FILES.list('/sys/block').filter((name) => /^(vd|sd|xvd|nvme)/.test(name))
    if (disks.length === 0) return this.skip()
    const read = (disk: string) =>
      readFileSync(`/sys/block/${disk}/stat`, 'utf8').trim().split(/\s+/).map(Number)
    const before = disks.map(read)
    const values = look(createSystemDiskProbe(KERNEL_FILES))
    for (const [index, disk] of disks.entries()) {
      const [first, last] = [before[index]!, read(disk)]
      const between = (metric: string, column: number, factor: number) => {
        const value = values.get(`system.disk.${metric}`)
        expectBetween(first[column]! * factor, value, last[column]! * factor, metric)
      }
      between(`operations ${disk} read`, 0, 1)
      between(`io ${disk} read`, 2, 512)
      between(`operations ${disk} write`, 4, 1)
      between(`io ${disk} write`, 6, 512)
      between(`io_time ${disk}`, 9, 0.001)
    }
  })

  it('network: /sys/class/net', () => {
    const statistic = (name: string, file: string) =>
      numberIn(`/sys/class/net/${name}/statistics/${file}`)
    const names = KERNEL_FILES.list('/sys/class/net').filter((name) => !name.startsWith('veth'))
    const files = ['rx_bytes', 'tx_bytes', 'rx_packets', 'tx_packets', 'rx_errors', 'tx_errors']
    const read = () => names.map((name) => files.map((file) => statistic(name, file)))
    const before = read()
    const values = look(createSystemNetworkProbe(KERNEL_FILES))
    const after = read()
    const metrics = ['io', 'packet.count', 'errors']
    for (const [row, name] of names.entries()) {
      for (const [column, file] of files.entries()) {
        const direction = file.startsWith('rx') ? 'receive' : 'transmit'
        const metric = metrics[Math.floor(column / 2)]!
        const value = values.get(`system.network.${metric} ${name} ${direction}`)
        expectBetween(before[row]![column]!, value, after[row]![column]!, `${name} ${file}`)
      }
    }
  })

  it('connections: ss', async function () {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const clients = Array.from({ length: 20 }, () => connect(port, '127.0.0.1'))
    await Promise.all(clients.map((client) => once(client, 'connect')))
    const listed = (text: string, state: string) =>
      text.split('\n').filter((line) => line.startsWith(state)).length
    const before = printed(this, 'ss', '-tan')
    const values: Values = look(createConnectionProbe(KERNEL_FILES))
    const after = printed(this, 'ss', '-tan')
    for (const client of clients) client.destroy()
    server.close()
    if (!values.has('system.network.connection.count tcp listen')) {
      // With more than 5,000 sockets the states are left out.
      expect(before.split('\n').length).to.be.above(4_000)
      return
    }
    for (const [state, name] of [
      ['ESTAB', 'established'],
      ['LISTEN', 'listen'],
    ] as const) {
      const counts = [listed(before, state), listed(after, state)]
      const value = values.get(`system.network.connection.count tcp ${name}`)
      // Other processes open and close some meanwhile.
      expectBetween(Math.min(...counts) - 5, value, Math.max(...counts) + 5, state)
    }
  })

  it('load: uptime', async function () {
    await eventually(() => {
      const text = printed(this, 'uptime')
      const loads = /load average: ([\d.]+), ([\d.]+), ([\d.]+)/.exec(text)?.slice(1).map(Number)
      const values = look(createLoadProbe(KERNEL_FILES))
      for (const [index, window] of ['1m', '5m', '15m'].entries()) {
        expect(values.get(`system.linux.load ${window}`)).to.be.closeTo(loads![index]!, 0.3)
      }
    })
  })

  it('pressure: rises when stress-ng has more to do than there are processors', async function () {
    if (KERNEL_FILES.read('/proc/pressure/cpu') === undefined) return this.skip()
    const probe = createPressureProbe(KERNEL_FILES)
    const before = look(probe).get('system.linux.psi.time cpu some')!
    const startMs = performance.now()
    const stress = spawn('stress-ng', ['--cpu', '8', '--timeout', '2s', '--quiet'])
    const [reason] = await Promise.race([once(stress, 'exit'), once(stress, 'error')])
    if (reason instanceof Error) return this.skip()
    const elapsed = (performance.now() - startMs) / 1000
    const added = look(probe).get('system.linux.psi.time cpu some')! - before
    expect(added).to.be.within(0.3 * elapsed, 1.05 * elapsed)
  })

  it('the process: its threads, and ps', async function () {
    const ofThreads = (name: string) =>
      KERNEL_FILES.list('/proc/self/task')
        .map((thread) => KERNEL_FILES.read(`/proc/self/task/${thread}/status`) ?? '')
        .map((text) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0))
        .reduce((sum, count) => sum + count, 0)
    await wait(50)
    const before = ofThreads('voluntary_ctxt_switches')
    const values = look(createProcessProbe(KERNEL_FILES))
    // Threads that have ended are counted in the process only.
    expect(values.get('process.context_switches voluntary')).to.be.at.least(before)
    const faults = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ').map(Number)
    const minor = values.get('process.paging.faults minor')!
    expect(minor).to.be.within(faults[7]! - 2_000, faults[7]!)
    expect(values.get('process.paging.faults major')).to.be.closeTo(faults[9]!, 5)
    const rows = printed(this, 'ps', '-o', 'nlwp=,rss=,vsz=,etimes=', '-p', `${process.pid}`)
    const [threads, rssKib, virtualKib, seconds] = rows.trim().split(/\s+/).map(Number)
    expect(values.get('process.thread.count')).to.be.closeTo(threads!, 2)
    expect(values.get('process.memory.usage')).to.be.closeTo(rssKib! * 1024, 20e6)
    expect(values.get('process.memory.virtual')).to.be.closeTo(virtualKib! * 1024, 200e6)
    expect(values.get('process.uptime')).to.be.closeTo(seconds!, 2)
  })
})
