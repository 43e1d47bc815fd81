import { readFileSync } from 'node:fs'
import { arch, hostname, type as osName, release } from 'node:os'
import { dirname, join } from 'node:path'
import type { Attributes } from '@opentelemetry/api'
import { SDK_INFO } from '@opentelemetry/core'
import type { Settings } from '../settings/settings.ts'
import { findContainerId } from './container-id.ts'

/** The parts of a package.json that name a service. */
interface Package {
  readonly name?: string
  readonly version?: string
}

/** What a resource is made from, besides the machine. */
export interface ResourceInput {
  readonly settings: Settings
  readonly mainScript: string | undefined
  readonly instanceId: string
  readonly distroVersion: string
}

/**
 * Who reports: attributes by the resource conventions. What the user has set wins. Command-line
 * arguments are left out, because they may hold secrets.
 */
export function describeResource(input: ResourceInput): Attributes {
  const { settings, mainScript, instanceId, distroVersion } = input
  const found = mainScript === undefined ? undefined : findPackage(dirname(mainScript))
  const has = (detector: string): boolean => settings.resourceDetectors.includes(detector)
  const detected: Attributes = {
    ...SDK_INFO,
    'service.name': found?.name ?? 'unknown_service:node',
    ...(found?.version === undefined ? {} : { 'service.version': found.version }),
    ...(has('serviceinstance') ? { 'service.instance.id': instanceId } : {}),
    ...(has('host') ? { 'host.name': hostname(), 'host.arch': hostArch(arch()), ...hostId() } : {}),
    ...(has('os') ? { 'os.type': osType(osName()), 'os.version': release() } : {}),
    ...(has('process') ? describeProcess(mainScript) : {}),
    ...(has('container') ? containerId() : {}),
    'telemetry.distro.name': 'chokepoint',
    'telemetry.distro.version': distroVersion,
  }
  const { serviceName, resourceAttributes } = settings
  return {
    ...detected,
    ...(has('env') ? resourceAttributes : {}),
    ...(serviceName === undefined ? {} : { 'service.name': serviceName }),
  }
}

function describeProcess(mainScript: string | undefined): Attributes {
  return {
    'process.pid': process.pid,
    'process.executable.path': process.execPath,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
    ...(mainScript === undefined ? {} : { 'process.command': mainScript }),
  }
}

/** The nearest package.json with a name, from a directory upwards. */
function findPackage(directory: string): Package | undefined {
  const found = readPackage(join(directory, 'package.json'))
  if (found?.name !== undefined) return found
  const parent = dirname(directory)
  return parent === directory ? undefined : findPackage(parent)
}

function readPackage(path: string): Package | undefined {
  try {
    const { name, version } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    return {
      ...(typeof name === 'string' && name !== '' ? { name } : {}),
      ...(typeof version === 'string' && version !== '' ? { version } : {}),
    }
  } catch {
    // Absent or not JSON: not the package.json of the app.
    return undefined
  }
}

function hostId(): Attributes {
  try {
    const id = readFileSync('/etc/machine-id', 'utf8').trim()
    return id === '' ? {} : { 'host.id': id }
  } catch {
    return {}
  }
}

function containerId(): Attributes {
  const id = findContainerId((path) => {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      return undefined
    }
  })
  return id === undefined ? {} : { 'container.id': id }
}

/** The conventions' names for what Node calls x64 and so on. */
function hostArch(name: string): string {
  const names: Readonly<Record<string, string>> = {
    x64: 'amd64',
    ia32: 'x86',
    arm: 'arm32',
    ppc: 'ppc32',
  }
  return names[name] ?? name
}

function osType(name: string): string {
  return name === 'Windows_NT' ? 'windows' : name.toLowerCase()
}
