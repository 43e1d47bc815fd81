import { readFileSync, statSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Frame, Place } from './hot-frames.ts'

const FILE_BYTES_MAX = 16 * 1024 * 1024
const MAPS_MAX = 32

/** Finds where a frame of built code stands in its source. */
export class SourceMaps {
  readonly #maps = new Map<string, SourceMap | undefined>()

  /** The frame in the source, or the same frame when the file has no map or none for this place. */
  apply(frame: Frame): Frame {
    const place = this.locate(frame)
    // The hottest line has no column, by which alone it could be found in the source.
    return place === undefined ? frame : { ...frame, ...place, hotLine: 0 }
  }

  /** The place in the source; undefined when the file has no map or none for this place. */
  locate({ function: name, file: built, line, column }: Place): Place | undefined {
    if (built === '' || line < 1) return undefined
    const entry = this.#mapOf(built)?.findEntry(line - 1, column - 1)
    if (entry === undefined || !('originalSource' in entry)) return undefined
    const { originalSource, originalLine, originalColumn } = entry
    if (originalSource === undefined || originalLine === undefined) return undefined
    const file = originalSource.startsWith('file:')
      ? fileURLToPath(originalSource)
      : resolve(dirname(built), originalSource)
    return { function: name, file, line: originalLine + 1, column: originalColumn + 1 }
  }

  #mapOf(file: string): SourceMap | undefined {
    if (this.#maps.has(file)) return this.#maps.get(file)
    if (this.#maps.size >= MAPS_MAX) this.#maps.clear()
    const map = readSourceMap(file)
    this.#maps.set(file, map)
    return map
  }
}

/** A missing or broken map is as good as none: the built file's own place is told then. */
function readSourceMap(file: string): SourceMap | undefined {
  try {
    const code = readBounded(file)
    const url = /\/\/[#@] sourceMappingURL=(\S+)\s*$/.exec(code.slice(code.lastIndexOf('//')))?.[1]
    if (url === undefined) return undefined
    const payload = JSON.parse(readMap(url, file)) as SourceMapPayload & { sourceRoot?: string }
    return new SourceMap(payload)
  } catch {
    return undefined
  }
}

function readMap(url: string, file: string): string {
  const data = /^data:application\/json[^,]*?(;base64)?,(.*)$/.exec(url)
  if (data === null) return readBounded(resolve(dirname(file), decodeURIComponent(url)))
  const [, base64, body = ''] = data
  return base64 === undefined ? decodeURIComponent(body) : Buffer.from(body, 'base64').toString()
}

function readBounded(file: string): string {
  const { size } = statSync(file)
  if (size > FILE_BYTES_MAX) throw new RangeError(`${file} has ${size} bytes`)
  return readFileSync(file, 'utf8')
}
