import { findContainerId } from '../container-id.ts'
import type { KernelFiles } from './kernel-files.ts'

/**
 * Where the control files of this process are. Version 2 has one directory for all controllers;
 * version 1 has one for each. `ancestors` begins with the group itself and ends at what can be seen
 * of the hierarchy: a limit on any of them holds.
 */
export type ControlGroup =
  | { readonly version: 2; readonly ancestors: readonly string[] }
  | {
      readonly version: 1
      readonly cpu: readonly string[]
      readonly cpuacct: readonly string[]
      readonly memory: readonly string[]
      readonly blkio: readonly string[]
    }

interface Mount {
  /** Which part of the hierarchy is mounted; in a container often the container's own group. */
  readonly root: string
  readonly mountpoint: string
  readonly controllers: ReadonlySet<string>
  readonly version: 1 | 2
}

/** Finds the control group of this process; undefined when it is in none but the root. */
export function findControlGroup(files: KernelFiles): ControlGroup | undefined {
  const mounts = parseMounts(files.read('/proc/self/mountinfo') ?? '')
  const paths = parsePaths(files.read('/proc/self/cgroup') ?? '')
  const isContainer = detectContainer(files)
  const memory = ancestorsOf({ controller: 'memory', version: 1, mounts, paths, isContainer })
  const cpu = ancestorsOf({ controller: 'cpu', version: 1, mounts, paths, isContainer })
  const cpuacct = ancestorsOf({ controller: 'cpuacct', version: 1, mounts, paths, isContainer })
  const blkio = ancestorsOf({ controller: 'blkio', version: 1, mounts, paths, isContainer })
  if (memory.length + cpu.length + cpuacct.length > 0) {
    return { version: 1, cpu, cpuacct, memory, blkio }
  }
  const unified = ancestorsOf({ controller: '', version: 2, mounts, paths, isContainer: true })
  // The true root has no memory.current: it is the host, not a container.
  const ancestors = unified.filter((path) => files.read(`${path}/memory.current`) !== undefined)
  return ancestors.length === 0 ? undefined : { version: 2, ancestors }
}

/** `4:memory:/docker/<id>` for version 1, `0::/system.slice/x.service` for version 2. */
function parsePaths(text: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (controllers === undefined || path === undefined) continue
    for (const controller of controllers.split(',')) paths.set(controller, path)
  }
  return paths
}

function parseMounts(text: string): Mount[] {
  const mounts: Mount[] = []
  for (const line of text.split('\n')) {
    const [left = '', right = ''] = line.split(' - ', 2)
    const [, , , root = '', mountpoint = ''] = left.split(' ')
    const [type, , options = ''] = right.split(' ')
    if (type !== 'cgroup' && type !== 'cgroup2') continue
    const version = type === 'cgroup' ? 1 : 2
    const controllers = new Set(version === 1 ? options.split(',') : [''])
    mounts.push({ root, mountpoint, controllers, version })
  }
  return mounts
}

interface Search {
  readonly controller: string
  readonly version: 1 | 2
  readonly mounts: readonly Mount[]
  readonly paths: ReadonlyMap<string, string>
  readonly isContainer: boolean
}

/** The directories from the group of this process up to the top of the mounted part. */
function ancestorsOf(search: Search): string[] {
  const { controller, version, mounts, paths, isContainer } = search
  const path = paths.get(controller)
  const mount = mounts.find((one) => one.version === version && one.controllers.has(controller))
  if (path === undefined || mount === undefined) return []
  const inside = pathInside(mount.root, path)
  // In the root of a version 1 hierarchy the numbers are the whole host's, unless it is a container's root.
  if (inside === '' && !isContainer) return []
  const parts = inside.split('/').filter((part) => part !== '')
  const directories = parts.map((_, index) =>
    [mount.mountpoint, ...parts.slice(0, parts.length - index)].join('/'),
  )
  return isContainer || version === 2 ? [...directories, mount.mountpoint] : directories
}

/** Without a namespace of its own a container sees its path on the host, but only its own part of the mount. */
function pathInside(root: string, path: string): string {
  if (root === '/') return path === '/' ? '' : path
  if (path === root || !path.startsWith(`${root}/`)) return ''
  return path.slice(root.length)
}

function detectContainer(files: KernelFiles): boolean {
  return (
    files.size('/.dockerenv') !== undefined ||
    files.size('/run/.containerenv') !== undefined ||
    findContainerId(files.read) !== undefined
  )
}
