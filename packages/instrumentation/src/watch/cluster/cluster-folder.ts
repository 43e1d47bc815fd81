import { createHash } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'

// The processes of one cluster meet in a folder that only their user can enter:
//
//   <tmp>/chokepoint-<user>/<host>-<pid of the primary>-<its start>/
//     <worker>-<pid>.sock    where a member answers with its metrics; its file stands until its counts are in `gone`
//     <worker>-<pid>.seen    what a member that serves /metrics has told of itself last
//     gone                   what members counted that are gone, and their names
//     lock                   held while `gone` is written

const LOCK_WAIT_MS = 200
const LOCK_STALE_MS = 2_000

/** The folder of one cluster. All its work is synchronous and takes some tenths of a millisecond. */
export class ClusterFolder {
  readonly path: string

  /** @param primaryPid the process that has forked the members */
  constructor(primaryPid: number) {
    const host = createHash('sha1').update(hostname()).digest('hex').slice(0, 8)
    const group = `${host}-${primaryPid}-${startOf(primaryPid)}`
    // Not by `userInfo`: the user of a container often has no name, and that is an error there.
    this.path = join(tmpdir(), `chokepoint-${process.geteuid?.() ?? -1}`, group)
  }

  /** Makes the folder, and removes those of clusters on this host that are no more. */
  create(): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 })
    const all = join(this.path, '..')
    const host = this.path.slice(all.length + 1).split('-', 1)[0]!
    for (const group of readdirSync(all)) {
      const [groupHost, pid, start] = group.split('-')
      const isOver = groupHost === host && startOf(Number(pid)) !== start
      if (isOver) rmSync(join(all, group), { recursive: true, force: true })
    }
  }

  /** Names of the members that are there, or have died without a word. */
  members(): string[] {
    try {
      const files = readdirSync(this.path)
      return files.filter((file) => file.endsWith('.sock')).map((file) => file.slice(0, -5))
    } catch {
      // There is no folder: this process has no cluster.
      return []
    }
  }

  socketOf(member: string): string {
    return join(this.path, `${member}.sock`)
  }

  read(file: string): Buffer | undefined {
    try {
      return readFileSync(join(this.path, file))
    } catch {
      return undefined
    }
  }

  /** Writes a file so that a reader sees the old or the new one. Throws as the file system does; then the old one stays. */
  write(file: string, content: Uint8Array): void {
    const path = join(this.path, file)
    // Somebody may have cleaned up what lay about in the folder of temporary files.
    mkdirSync(this.path, { recursive: true, mode: 0o700 })
    const part = `${path}.${process.pid}`
    try {
      writeFileSync(part, content, { mode: 0o600 })
      renameSync(part, path)
    } catch (error) {
      rmSync(part, { force: true })
      throw error
    }
  }

  remove(file: string): void {
    rmSync(join(this.path, file), { force: true })
  }

  removeAll(): void {
    rmSync(this.path, { recursive: true, force: true })
  }

  /** Does work that only one process may do at a time. Whoever holds the lock too long has died. */
  locked(work: () => void): void {
    const path = join(this.path, 'lock')
    const endMs = performance.now() + LOCK_WAIT_MS
    while (!tryLock(path) && performance.now() < endMs) pause(5)
    try {
      work()
    } finally {
      rmSync(path, { force: true })
    }
  }
}

function tryLock(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx'))
    return true
  } catch {
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age > LOCK_STALE_MS) rmSync(path, { force: true })
    return false
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** When a process began, in ticks since the host did; a number of a process is given again, in containers always 1. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!
  } catch {
    return isAlive(pid) ? '0' : 'gone'
  }
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
