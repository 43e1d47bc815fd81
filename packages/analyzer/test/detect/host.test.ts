import { expect } from 'chai'
import { findingOf, findingsOf } from './scenario/finding.ts'
import type { Instruments } from './scenario/instruments.ts'
import { world } from './scenario/world.ts'

/** Two services on one machine, which both report it. */
function machine(report: (at: Instruments) => void, seconds = 180) {
  const services = ['api', 'shop'].map((name) => ({
    name,
    also: (at: Instruments) => {
      at.set('target_info', { host_name: 'box-1' }, 1)
      at.set('system_memory_limit_bytes', {}, 8e9)
      report(at)
    },
  }))
  return world({ services, seconds })
}

const pressure = (at: Instruments, resource: string, value: number) =>
  at.set(
    'system_linux_psi_avg10_ratio',
    { system_psi_resource: resource, system_psi_kind: 'some' },
    value,
  )
const idle = (at: Instruments, value: number) => {
  for (const cpu_logical_number of ['0', '1']) {
    at.set('system_cpu_utilization_ratio', { cpu_mode: 'idle', cpu_logical_number }, value)
    at.set('system_cpu_utilization_ratio', { cpu_mode: 'user', cpu_logical_number }, 1 - value)
  }
}

describe('machines', () => {
  it('have one finding each, however many services report them', () => {
    const busy = machine((at) => {
      idle(at, 0.03)
      pressure(at, 'cpu', 0.5)
    })
    const found = findingOf(busy, 'host.cpu_saturated')
    expect(found).to.include({ component: 'processors', severity: 'warning' })
    expect(found.resource).to.deep.equal({ 'host.name': 'box-1' })
  })

  it('may be well used as long as nothing waits, and busy for a minute', () => {
    const used = (at: Instruments) => {
      idle(at, 0.03)
      pressure(at, 'cpu', 0.05)
      at.set('system_memory_utilization_ratio', { system_memory_state: 'used' }, 0.95)
      pressure(at, 'memory', 0)
    }
    expect(machine(used).found()).to.deep.equal([])
    const build = machine((at) => {
      idle(at, 0)
      pressure(at, 'cpu', 0.9)
    }, 60)
    expect(build.found()).to.deep.equal([])
  })

  it('run out of memory, disk space, disk time and network', () => {
    const full = machine((at) => {
      at.set('system_memory_utilization_ratio', { system_memory_state: 'used' }, 0.98)
      pressure(at, 'memory', 0.3)
      pressure(at, 'io', 0.4)
      const root = { system_filesystem_type: 'ext4', system_device: 'sda1' }
      at.set(
        'system_filesystem_utilization_ratio',
        { ...root, system_filesystem_mountpoint: '/' },
        0.4,
      )
      const data = { ...root, system_filesystem_mountpoint: '/data' }
      at.set('system_filesystem_utilization_ratio', data, 0.93)
      at.add('system_disk_io_time_seconds_total', { system_device: 'sda' }, 0.995)
      at.add('system_network_packet_dropped_total', { network_interface_name: 'eth0' }, 50)
    })
    expect(findingOf(full, 'host.memory_pressure').severity).to.equal('critical')
    expect(findingOf(full, 'host.disk_full').component).to.equal('file system /data')
    expect(findingOf(full, 'host.disk_saturated').component).to.equal('disk sda')
    expect(findingOf(full, 'host.network_saturated').component).to.equal('interface eth0')
  })

  it('are told with what runs on them, so that the ledger can link the two', () => {
    const busy = machine((at) => at.set('nodejs_eventloop_utilization_ratio', {}, 1))
    const [found] = findingsOf(busy, 'cpu.saturated')
    expect(found?.resource).to.include({ 'service.name': 'api', 'host.name': 'box-1' })
  })

  it('are left alone where nobody says which machine it is', () => {
    const services = [{ name: 'api', also: (at: Instruments) => idle(at, 0) }]
    const anonymous = world({ services, seconds: 180 })
    expect(findingsOf(anonymous, 'host.cpu_saturated')).to.deep.equal([])
  })
})
