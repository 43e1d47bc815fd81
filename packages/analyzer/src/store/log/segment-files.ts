import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const NAME = /^(\d{10})\.log$/

/** A file of the log. */
export interface SegmentFile {
  readonly number: number
  readonly path: string
}

/** The path of a segment. */
export function segmentPath(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(10, '0')}.log`)
}

/** The segments in a directory, oldest first; the directory is made when it is not there. */
export async function listSegments(directory: string): Promise<SegmentFile[]> {
  await mkdir(directory, { recursive: true })
  const names = await readdir(directory)
  return names
    .map((name) => NAME.exec(name))
    .filter((match) => match !== null)
    .map(([, digits]) => Number(digits))
    .sort((a, b) => a - b)
    .map((number) => ({ number, path: segmentPath(directory, number) }))
}
