/** Reads a whole file of the kernel's; undefined when it is absent or not ours to read. */
export type ReadText = (path: string) => string | undefined

const ID = /([0-9a-f]{64})/

/**
 * The id of the container that this process is in. Under cgroup v1 it ends the path of the group;
 * under v2 the group's path is hidden, but the runtime mounts files from the container's directory.
 */
export function findContainerId(read: ReadText): string | undefined {
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const id = ID.exec(line.slice(line.lastIndexOf('/')))?.[1]
    if (id !== undefined) return id
  }
  for (const line of (read('/proc/self/mountinfo') ?? '').split('\n')) {
    // e.g. `... /var/lib/docker/containers/<id>/hostname /etc/hostname rw ...`
    if (!/ \/etc\/(hostname|hosts|resolv\.conf) /.test(line)) continue
    const id = ID.exec(line)?.[1]
    if (id !== undefined) return id
  }
  return undefined
}
