import { existsSync, readFileSync } from 'node:fs'
import { appendFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { gatherPieces, replaceFile } from './replace-file.ts'
import type { HistoryStorage } from './rules/history.ts'

/**
 * A file of JSON lines as the storage of a history; `onProblem` is told what the disk refused. Lines of one turn
 * of the event loop are written together.
 */
export function openHistoryFile(
  file: string,
  onProblem: (message: string) => void,
): HistoryStorage {
  let work = Promise.resolve()
  /** Lines that the last append of `work` will write. */
  let waiting: string[] | undefined
  const tellOf = (what: string) => (error: unknown) =>
    onProblem(`cannot ${what} the alert history ${file}: ${(error as Error).message}`)

  async function write(lines: string[]): Promise<void> {
    if (waiting === lines) waiting = undefined
    await mkdir(dirname(file), { recursive: true })
    await appendFile(file, lines.join(''))
  }

  return {
    load: () => {
      try {
        return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
      } catch (error) {
        tellOf('read')(error)
        return []
      }
    },
    append: (line) => {
      if (waiting === undefined) {
        const lines: string[] = []
        waiting = lines
        work = work.then(() => write(lines)).catch(tellOf('write'))
      }
      waiting.push(`${line}\n`)
    },
    replace: (lines) => {
      // What comes from here on is behind the lines that take the place of all.
      waiting = undefined
      work = work
        .then(async () => replaceFile(file, await gatherPieces(endingLines(lines))))
        .catch(tellOf('write'))
    },
    flush: () => work,
  }
}

function* endingLines(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${line}\n`
}
