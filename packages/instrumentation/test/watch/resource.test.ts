import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Environment } from '../../src/settings/environment-reader.ts'
import { readSettings } from '../../src/settings/settings.ts'
import { findContainerId } from '../../src/watch/container-id.ts'
import { describeResource } from '../../src/watch/resource.ts'

function describeWith(environment: Environment, mainScript?: string) {
  return describeResource({
    settings: readSettings(environment, (line) => expect.fail(line)),
    mainScript,
    instanceId: 'instance-1',
    distroVersion: '9.9.9',
  })
}

describe('resource', () => {
  it('has the name and version of the nearest package.json with a name', () => {
    const directory = mkdtempSync(join(tmpdir(), 'chokepoint-'))
    mkdirSync(join(directory, 'src/bin'), { recursive: true })
    writeFileSync(join(directory, 'package.json'), '{"name":"shop","version":"1.2.3"}')
    writeFileSync(join(directory, 'src/package.json'), '{"type":"module"}')
    const attributes = describeWith({}, join(directory, 'src/bin/app.js'))
    rmSync(directory, { recursive: true })
    expect(attributes).to.include({ 'service.name': 'shop', 'service.version': '1.2.3' })
  })

  it('lets what the user says win, and the service name over the attributes', () => {
    const attributes = describeWith({
      OTEL_SERVICE_NAME: 'checkout',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,service.instance.id=mine,host.name=h',
    })
    expect(attributes).to.include({
      'service.name': 'checkout',
      'service.instance.id': 'mine',
      'host.name': 'h',
    })
  })

  it('says that a service without a name is unknown, and who tells', () => {
    expect(describeWith({})).to.include({
      'service.name': 'unknown_service:node',
      'service.instance.id': 'instance-1',
      'host.name': hostname(),
      'process.pid': process.pid,
      'process.runtime.name': 'nodejs',
      'telemetry.sdk.name': 'opentelemetry',
      'telemetry.distro.version': '9.9.9',
    })
  })

  it('leaves out what the user has switched off', () => {
    const attributes = describeWith({ OTEL_NODE_RESOURCE_DETECTORS: 'none' })
    expect(attributes).not.to.have.any.keys('host.name', 'process.pid', 'service.instance.id')
    expect(attributes).to.include.keys('service.name')
  })
})

describe('container id', () => {
  const id = '0123456789abcdef'.repeat(4)

  it('ends the path of the control group under version 1', () => {
    const cgroup = `12:pids:/kubepods/pod1/${id}\n11:cpu:/`
    expect(findContainerId((path) => (path.endsWith('cgroup') ? cgroup : undefined))).to.equal(id)
  })

  it('is in the place that the hostname is mounted from under version 2', () => {
    const texts: Record<string, string> = {
      '/proc/self/cgroup': '0::/\n',
      '/proc/self/mountinfo':
        `1 0 8:1 /volumes/${'f'.repeat(64)} /data rw - ext4 /dev/sda1 rw\n` +
        `2 0 8:1 /var/lib/docker/containers/${id}/hostname /etc/hostname rw - ext4 /dev/sda1 rw`,
    }
    expect(findContainerId((path) => texts[path])).to.equal(id)
  })

  it('is absent outside of a container', () => {
    expect(findContainerId(() => undefined)).to.equal(undefined)
  })
})
