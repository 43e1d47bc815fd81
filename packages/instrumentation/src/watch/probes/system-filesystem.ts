import type { KernelFiles } from './kernel-files.ts'
import type { Probe } from './probe.ts'

const FILESYSTEMS_MAX = 64

/**
 * Types that say nothing about space that can run out: memory and kernel interfaces, and images
 * that are always full.
 */
const SKIPPED = new Set(
  (
    'autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl ' +
    'fuse.lxcfs hugetlbfs mqueue nsfs proc pstore ramfs rpc_pipefs securityfs selinuxfs sysfs ' +
    'tmpfs tracefs squashfs iso9660 erofs cramfs'
  ).split(' '),
)
// A server that does not answer would block the thread that asks, perhaps for ever.
const REMOTE = /^(nfs|nfs4|cifs|smb3|smbfs|ceph|glusterfs|lustre|afs|fuse\.(sshfs|s3fs|gcsfuse))$/

interface Mount {
  readonly deviceNumber: string
  readonly mountpoint: string
  readonly type: string
  readonly device: string
}

/** Space of the local file systems: `system.filesystem.*` by statfs over /proc/self/mountinfo. */
export function createSystemFilesystemProbe(files: KernelFiles): Probe {
  return (batch) => {
    for (const mount of oneForEachDevice(parseMounts(files.read('/proc/self/mountinfo') ?? ''))) {
      const space = files.statfs(mount.mountpoint)
      if (space === undefined || space.blocks === 0) continue
      const attributes = {
        'system.device': mount.device,
        'system.filesystem.mountpoint': mount.mountpoint,
        'system.filesystem.type': mount.type,
      }
      const { bsize, blocks, bfree, bavail } = space
      const states = { used: blocks - bfree, free: bavail, reserved: bfree - bavail }
      for (const [state, count] of Object.entries(states)) {
        batch.add('system.filesystem.usage', count * bsize, {
          ...attributes,
          'system.filesystem.state': state,
        })
      }
      batch.add('system.filesystem.limit', blocks * bsize, attributes)
      // As `df` has it: what is reserved for root can neither be used nor is it used.
      const usable = states.used + states.free
      if (usable > 0) batch.add('system.filesystem.utilization', states.used / usable, attributes)
    }
  }
}

/** e.g. `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue` */
function parseMounts(text: string): Mount[] {
  const mounts: Mount[] = []
  for (const line of text.split('\n')) {
    const [left = '', right = ''] = line.split(' - ', 2)
    const [, , deviceNumber = '', , mountpoint = ''] = left.split(' ')
    const [type = '', device = ''] = right.split(' ')
    if (mountpoint === '' || SKIPPED.has(type) || REMOTE.test(type)) continue
    mounts.push({
      deviceNumber,
      mountpoint: decodeOctal(mountpoint),
      type,
      device: decodeOctal(device),
    })
  }
  return mounts
}

/** The same device may be mounted at many places, as in containers; the shortest path names it. */
function oneForEachDevice(mounts: readonly Mount[]): Mount[] {
  const chosen = new Map<string, Mount>()
  for (const mount of mounts) {
    const other = chosen.get(mount.deviceNumber)
    if (other === undefined || mount.mountpoint.length < other.mountpoint.length) {
      chosen.set(mount.deviceNumber, mount)
    }
  }
  return [...chosen.values()].slice(0, FILESYSTEMS_MAX)
}

/** Blanks and the like are written as octal escapes: `\040`. */
function decodeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))
}
