import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { CommandFailure } from '../failure.ts'

/** One line of a recording: an OTLP request in JSON, as the Collector's file exporter writes it. */
export interface RecordedRequest {
  readonly file: string
  readonly line: number
  readonly json: string
  /** 0 to 1: how much of the file has been read; lines are ahead of it by a buffer. */
  readonly share: number
}

/** The requests of one file in order, gzipped or not; throws `CommandFailure` when it cannot be read. */
export async function* readRequests(file: string): AsyncGenerator<RecordedRequest> {
  try {
    const { size } = await stat(file)
    const bytes = createReadStream(file)
    let bytesRead = 0
    bytes.on('data', (chunk) => {
      bytesRead += chunk.length
    })
    const text = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes
    // A read error does not pass through a pipe by itself.
    bytes.on('error', (error) => text.destroy(error))
    let line = 0
    for await (const json of createInterface({
      input: text,
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      line++
      if (json.trim() !== '') yield { file, line, json, share: size === 0 ? 1 : bytesRead / size }
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CommandFailure(`cannot read ${file}: ${why}`, undefined, { cause })
  }
}
