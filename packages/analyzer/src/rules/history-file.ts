import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { HistoryStorage } from './history.ts'

/** A file of JSON lines as the storage of a history; `onProblem` is told what the disk refused. */
export function openHistoryFile(
  file: string,
  onProblem: (message: string) => void,
): HistoryStorage {
  const tried = (what: string, attempt: () => void) => {
    try {
      attempt()
    } catch (error) {
      onProblem(`cannot ${what} the alert history ${file}: ${(error as Error).message}`)
    }
  }
  return {
    load: () => {
      let lines: readonly string[] = []
      tried('read', () => {
        mkdirSync(dirname(file), { recursive: true })
        if (existsSync(file)) lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
      })
      return lines
    },
    append: (line) => tried('write', () => appendFileSync(file, `${line}\n`)),
    replace: (lines) =>
      tried('write', () => {
        writeFileSync(`${file}.new`, lines.map((line) => `${line}\n`).join(''))
        renameSync(`${file}.new`, file)
      }),
  }
}
