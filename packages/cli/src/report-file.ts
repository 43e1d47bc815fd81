import { writeFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import type { ReportFormat } from '@chokepoint/analyzer'
import { InvalidArgumentError } from 'commander'
import { CommandFailure } from './failure.ts'

const FORMAT_OF_EXTENSION: Readonly<Record<string, ReportFormat>> = {
  '.html': 'html',
  '.htm': 'html',
  '.json': 'json',
  '.csv': 'csv',
}

/** A file to write a report to, and the format that its extension names. */
export interface ReportFile {
  readonly path: string
  readonly format: ReportFormat
}

/** Reads the option `--report FILE`. */
export function reportFileOption(path: string): ReportFile {
  const format = FORMAT_OF_EXTENSION[extname(path).toLowerCase()]
  if (format === undefined) {
    throw new InvalidArgumentError('Expected a file that ends in .html, .json or .csv.')
  }
  return { path: resolve(path), format }
}

/** Writes a text; throws `CommandFailure` when the file cannot be written. */
export async function writeReport(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CommandFailure(`cannot write the report: ${why}`, undefined, { cause })
  })
}
