import { type FileHandle, open } from 'node:fs/promises'
import { encodeRecordHead, type LogRecord } from './record.ts'

/** When writes are forced to the disk: before each acknowledgement, each 100 ms, or when the kernel likes. */
export type FsyncMode = 'always' | 'interval' | 'never'

const FSYNC_INTERVAL_MS = 100
// One write takes what waits, up to this; more than a disk writes in a moment only delays the first.
const GROUP_BYTES_MAX = 8 * 1024 * 1024

interface Waiting {
  readonly parts: readonly Uint8Array[]
  readonly bytes: number
  readonly resolve: (bytes: number) => void
  readonly reject: (error: unknown) => void
}

/**
 * Appends records to one file. Records that come while a write is under way wait and go together in the next:
 * a group commit, so a disk that syncs 200 times a second still takes thousands of requests.
 */
export class SegmentWriter {
  readonly #path: string
  readonly #fsync: FsyncMode
  #file: FileHandle | undefined
  #waiting: Waiting[] = []
  #flushing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #written = 0
  #dirty = false
  /** The last write failed. */
  failed = false
  /** The file's end is not known any more: nothing may follow. */
  broken = false
  /** Bytes of records that are not written yet. */
  waitingBytes = 0
  fsyncs = 0
  fsyncSeconds = 0

  constructor(path: string, fsync: FsyncMode) {
    this.#path = path
    this.#fsync = fsync
  }

  /** Bytes written. */
  get bytes(): number {
    return this.#written
  }

  /** Resolves with the record's bytes when it is written, and synced in mode `always`. */
  append(record: LogRecord): Promise<number> {
    const parts = [encodeRecordHead(record), record.body]
    const bytes = parts[0]!.length + record.body.length
    return new Promise((resolve, reject) => {
      this.#waiting.push({ parts, bytes, resolve, reject })
      this.waitingBytes += bytes
      this.#flushing ??= this.#flush()
    })
  }

  async close(): Promise<void> {
    await this.#flushing
    clearTimeout(this.#timer)
    if (this.#dirty && this.#fsync !== 'never') await this.#sync()
    await this.#file?.close()
    this.#file = undefined
  }

  async #flush(): Promise<void> {
    // Requests that arrive in the same turn of the event loop join the first write.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup()
      try {
        await this.#write(group)
        this.failed = false
        for (const { resolve, bytes } of group) resolve(bytes)
      } catch (error) {
        this.failed = true
        for (const { reject } of group) reject(error)
      }
    }
    this.#flushing = undefined
  }

  #takeGroup(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const waiting of this.#waiting) {
      if (count > 0 && bytes + waiting.bytes > GROUP_BYTES_MAX) break
      bytes += waiting.bytes
      count++
    }
    this.waitingBytes -= bytes
    return this.#waiting.splice(0, count)
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    this.#file ??= await open(this.#path, 'ax')
    const parts = group.flatMap((waiting) => waiting.parts)
    const bytes = group.reduce((sum, waiting) => sum + waiting.bytes, 0)
    try {
      await writeAll(this.#file, parts, bytes)
    } catch (error) {
      await this.#cutBack()
      throw error
    }
    this.#written += bytes
    this.#dirty = true
    if (this.#fsync === 'always') await this.#sync()
    else if (this.#fsync === 'interval') this.#syncLater()
  }

  /** Takes back what a failed write left behind, so that the next record does not follow half a one. */
  async #cutBack(): Promise<void> {
    try {
      await this.#file?.truncate(this.#written)
    } catch {
      // The half record stays; readers pass over it. Nothing may be added behind an unknown end.
      this.broken = true
    }
  }

  #syncLater(): void {
    if (this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#sync().catch(() => {
        // A disk that cannot sync loses data: the next records go to a new file, and say so if they fail.
        this.failed = true
        this.broken = true
      })
    }, FSYNC_INTERVAL_MS)
    this.#timer.unref()
  }

  async #sync(): Promise<void> {
    const started = performance.now()
    this.#dirty = false
    await this.#file?.datasync()
    this.fsyncs++
    this.fsyncSeconds += (performance.now() - started) / 1000
  }
}

/** Writes all parts; a short write, as on a disk that is nearly full, goes on where it stopped. */
async function writeAll(
  file: FileHandle,
  parts: readonly Uint8Array[],
  bytes: number,
): Promise<void> {
  const { bytesWritten } = await file.writev(parts.map((part) => asView(part)))
  if (bytesWritten === bytes) return
  const rest = Buffer.concat(parts).subarray(bytesWritten)
  for (let at = 0; at < rest.length; ) {
    const { bytesWritten: more } = await file.write(rest, at)
    if (more === 0) throw new Error('the disk takes no more bytes')
    at += more
  }
}

function asView(part: Uint8Array): Uint8Array<ArrayBuffer> {
  return part as Uint8Array<ArrayBuffer>
}
