import { readFile, rm, truncate } from 'node:fs/promises'
import { ChokepointError } from '../../model/errors.ts'
import { type LogRecord, readRecords } from './record.ts'
import { listSegments, segmentPath } from './segment-files.ts'
import { type FsyncMode, SegmentWriter } from './segment-writer.ts'

/** How a log is kept. */
export interface LogOptions {
  readonly directory: string
  readonly fsync: FsyncMode
  /** All segments together; above it the oldest go. */
  readonly bytesMax: number
  readonly log: (message: string) => void
}

/** Counts of the log, for the analyzer's own metrics. */
export interface LogStats {
  readonly segments: number
  readonly bytes: number
  readonly fsyncs: number
  readonly fsyncSeconds: number
  readonly writeFailures: number
  readonly damagedBytes: number
}

/** A segment that is not written any more, or the one that is. */
interface Segment {
  readonly number: number
  bytes: number
  /** By tenant, the newest sample time that its records brought. */
  readonly newestMs: Map<string, number>
}

const SEGMENT_BYTES = 64 * 1024 * 1024
// A disk that is this far behind will not catch up before senders time out.
const WAITING_BYTES_MAX = 256 * 1024 * 1024

/**
 * The log that requests are in before they are acknowledged: segments of records in a directory.
 *
 * What a mode can lose: `always` nothing; `interval` what came in the last 100 ms, and only when the
 * machine stops, as a killed process leaves its writes with the kernel; `never` what the kernel had not
 * written yet, up to about 30 s, and only when the machine stops.
 */
export class WriteAheadLog {
  readonly #options: LogOptions
  readonly #segments: Segment[] = []
  #writer: SegmentWriter | undefined
  #closedFsyncs = 0
  #closedFsyncSeconds = 0
  #writeFailures = 0
  #damagedBytes = 0

  private constructor(options: LogOptions) {
    this.#options = options
  }

  /**
   * Opens a log and gives each record that is in it to `visit`, oldest first; `visit` returns the newest sample
   * time that the record brought. A torn end is cut off. Writing goes to a new segment.
   */
  static async open(
    options: LogOptions,
    visit: (record: LogRecord) => number | undefined,
  ): Promise<WriteAheadLog> {
    const log = new WriteAheadLog(options)
    for (const { number, path } of await listSegments(options.directory)) {
      const segment: Segment = { number, bytes: 0, newestMs: new Map() }
      const bytes = await readFile(path)
      const report = readRecords(bytes, (record) => {
        const newest = visit(record)
        if (newest !== undefined) noteNewest(segment, record.tenant, newest)
      })
      log.#damagedBytes += report.damagedBytes
      if (report.damagedBytes > 0) {
        options.log(
          `log segment ${path}: ${report.damagedBytes} of ${bytes.length} bytes are damaged and were passed over, ${report.records} records were read`,
        )
      }
      if (report.bytes < bytes.length) await truncate(path, report.bytes)
      segment.bytes = report.bytes
      if (report.records === 0) await rm(path)
      else log.#segments.push(segment)
    }
    return log
  }

  /** True after a write failed, until one succeeds: then nothing should be done that a write must follow. */
  get failed(): boolean {
    return this.#writer?.failed ?? this.#writeFailures > 0
  }

  /**
   * Resolves when the record is written, and on disk if the mode says so. Rejects with STORAGE_FAILED; then
   * it is not in the log. The body must not change until then. `newestMs` is the newest sample time in it: as
   * long as that is in the retention, so is the record's segment.
   */
  async append(record: LogRecord, newestMs: number): Promise<void> {
    let writer = this.#writer
    if (writer === undefined || writer.bytes >= SEGMENT_BYTES || writer.broken) {
      writer = this.#rotate()
    }
    if (writer.waitingBytes > WAITING_BYTES_MAX) {
      throw new ChokepointError(
        'OVERLOADED',
        `cannot log the request now: ${writer.waitingBytes} bytes wait for the disk`,
      )
    }
    const segment = this.#segments.at(-1)!
    noteNewest(segment, record.tenant, newestMs)
    try {
      segment.bytes += await writer.append(record)
    } catch (error) {
      this.#writeFailures++
      const why = error instanceof Error ? error.message : String(error)
      throw new ChokepointError('STORAGE_FAILED', `cannot write the log: ${why}`, { cause: error })
    }
  }

  /** Removes segments that hold nothing newer than each tenant's cutoff, and the oldest above the limit. */
  async compact(cutoffMs: (tenant: string) => number): Promise<void> {
    let bytes = this.#segments.reduce((sum, segment) => sum + segment.bytes, 0)
    const full = this.#segments.slice(0, -1)
    for (const segment of full) {
      const old = [...segment.newestMs].every(([tenant, newest]) => newest < cutoffMs(tenant))
      if (!old && bytes <= this.#options.bytesMax) continue
      if (!old) {
        this.#options.log(
          `log segment ${segment.number} is dropped before its retention: the log is ${bytes} bytes, ${this.#options.bytesMax} are the limit`,
        )
      }
      bytes -= segment.bytes
      this.#segments.splice(this.#segments.indexOf(segment), 1)
      await rm(segmentPath(this.#options.directory, segment.number), { force: true })
    }
  }

  stats(): LogStats {
    return {
      segments: this.#segments.length,
      bytes: this.#segments.reduce((sum, segment) => sum + segment.bytes, 0),
      fsyncs: this.#closedFsyncs + (this.#writer?.fsyncs ?? 0),
      fsyncSeconds: this.#closedFsyncSeconds + (this.#writer?.fsyncSeconds ?? 0),
      writeFailures: this.#writeFailures,
      damagedBytes: this.#damagedBytes,
    }
  }

  /** Writes what is waiting, and syncs it. */
  async close(): Promise<void> {
    await this.#writer?.close()
  }

  #rotate(): SegmentWriter {
    const before = this.#writer
    if (before !== undefined) {
      this.#closedFsyncs += before.fsyncs
      this.#closedFsyncSeconds += before.fsyncSeconds
      before.close().catch((error: unknown) => {
        this.#options.log(`a log segment was not closed well: ${String(error)}`)
      })
    }
    const number = (this.#segments.at(-1)?.number ?? 0) + 1
    this.#segments.push({ number, bytes: 0, newestMs: new Map() })
    this.#writer = new SegmentWriter(
      segmentPath(this.#options.directory, number),
      this.#options.fsync,
    )
    return this.#writer
  }
}

function noteNewest(segment: Segment, tenant: string, newestMs: number): void {
  const before = segment.newestMs.get(tenant)
  if (before === undefined || before < newestMs) segment.newestMs.set(tenant, newestMs)
}
