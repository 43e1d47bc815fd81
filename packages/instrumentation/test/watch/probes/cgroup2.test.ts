import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { freePort } from '../../../../../tools/testing/free-port.ts'
import { spawnTied } from '../../../../../tools/testing/tied-process.ts'
import { until } from '../../../../../tools/testing/until.ts'
import { createContainerProbe } from '../../../src/watch/probes/container.ts'
import { KERNEL_FILES, type KernelFiles } from '../../../src/watch/probes/kernel-files.ts'
import { busyFor, look } from './collect.ts'

/** A disk that may be written over: that of a kernel started for these tests (`cgroup2-kernel.test.ts`). */
const DISK = process.env.CHOKEPOINT_TEST_DISK
const SERVER = join(import.meta.dirname, '../../register/fixtures/busy-server.mjs')

describe('probe of the container, in a real group of version 2', () => {
  const mount = /^\S+ \S+ \S+ \/ (\S+) .* - cgroup2 /m.exec(
    KERNEL_FILES.read('/proc/self/mountinfo') ?? '',
  )?.[1]
  const name = `chokepoint-test-${process.pid}`
  const group = `${mount}/${name}`
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
      if (path === '/proc/self/cgroup') return `0::/${name}\n`
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
    expect(seconds).to.be.above(0.02)
    const [, microseconds] = /^usage_usec (\d+)$/m.exec(KERNEL_FILES.read(`${group}/cpu.stat`)!)!
    expect(seconds).to.be.closeTo(Number(microseconds) / 1e6, 0.05)
  })

  describe('with the controllers of processor, memory and disk', () => {
    before(function () {
      const controllers = (KERNEL_FILES.read(`${mount}/cgroup.controllers`) ?? '').trim()
      try {
        writeFileSync(`${mount}/cgroup.subtree_control`, '+cpu +memory +io')
      } catch (error) {
        // Version 1 has them, or processes live in the group above, which then cannot give them on.
        const why = (error as Error).message
        console.log(`    version 2 has only "${controllers}" here, not cpu, memory, io: ${why}`)
        this.skip()
      }
    })

    it('sees the quota and the throttling of a busy process', async () => {
      writeFileSync(`${group}/cpu.max`, '20000 100000')
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
      writeFileSync(`${group}/cpu.max`, 'max 100000')
      expect(values.get('container.cpu.limit')).to.equal(0.2)
      const [, microseconds] = /^throttled_usec (\d+)$/m.exec(stat)!
      const throttled = values.get('container.cpu.throttled.time')!
      expect(throttled).to.be.within(0.001, Number(microseconds) / 1e6 + 0.001)
    })

    it('counts what the kernel kills for memory', () => {
      writeFileSync(`${group}/memory.max`, String(16 << 20))
      const probe = createContainerProbe(filesOfGroup)
      const killed = look(probe).get('container.memory.events oom_kill')!
      try {
        execFileSync('sh', ['-c', `${enter} && exec tail /dev/zero`], { stdio: 'ignore' })
      } catch {
        // It was killed, as it should be.
      }
      const values = look(probe)
      writeFileSync(`${group}/memory.max`, 'max')
      expect(values.get('container.memory.limit')).to.equal(16 << 20)
      expect(values.get('container.memory.events oom_kill')).to.equal(killed + 1)
      expect(values.get('container.memory.events max')).to.be.above(0)
    })

    it('counts the bytes that a process of the group writes to the disk and reads', function () {
      if (DISK === undefined) return this.skip()
      const probe = createContainerProbe(filesOfGroup)
      const write = `dd if=/dev/zero of=${DISK} bs=1M count=8 oflag=direct`
      const read = `dd if=${DISK} of=/dev/null bs=1M count=4 iflag=direct`
      const options = { stdio: 'ignore' } as const
      execFileSync('sh', ['-c', `${enter} && ${write} && ${read}`], options)
      const values = look(probe)
      expect(values.get('container.disk.io write')).to.equal(8 << 20)
      expect(values.get('container.disk.io read')).to.be.within(4 << 20, 5 << 20)
    })

    it('tells the limits of a preloaded service that lives in the group', async () => {
      writeFileSync(`${group}/cpu.max`, '150000 100000')
      writeFileSync(`${group}/memory.max`, String(512 << 20))
      const port = await freePort()
      const preload = '--conditions=chokepoint-source --import @chokepoint/instrumentation/register'
      const service = spawnTied(
        'sh',
        ['-c', `${enter} && exec ${process.execPath} ${preload} ${SERVER}`],
        {
          cwd: join(SERVER, '..'),
          stdio: 'ignore',
          env: {
            ...process.env,
            OTEL_METRICS_EXPORTER: 'prometheus',
            OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
          },
        },
      )
      const ended = new Promise((resolve) => service.once('exit', resolve))
      let page = ''
      await until('the limits on /metrics', async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
        page = await answer.text()
        return page.includes('\ncontainer_memory_limit')
      })
      service.kill('SIGKILL')
      await ended
      const gauge = (metric: string) =>
        Number(new RegExp(`^${metric}(?:{[^}]*})? (\\S+)$`, 'm').exec(page)?.[1])
      expect(gauge('container_cpu_limit')).to.equal(1.5)
      expect(gauge('container_memory_limit_bytes')).to.equal(512 << 20)
      expect(gauge('container_memory_usage_bytes')).to.be.within(8 << 20, 512 << 20)
    })
  })
})
