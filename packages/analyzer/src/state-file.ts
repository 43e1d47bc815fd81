import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Keeps one JSON value on disk, always whole: a crash leaves the old one or the new one. */
export interface StateFile<State> {
  /** What was saved last; undefined when nothing was, or when it cannot be read any more. */
  readonly load: () => State | undefined
  readonly save: (state: State) => void
}

/** `onProblem` is told in one sentence why a saved state could not be read or written. */
export function openStateFile<State>(
  path: string,
  onProblem: (message: string) => void,
): StateFile<State> {
  let saved = ''
  return {
    load: () => {
      try {
        return JSON.parse(readFileSync(path, 'utf8')) as State
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
          onProblem(
            `cannot read the state ${path}, starting without it: ${(error as Error).message}`,
          )
        }
        return undefined
      }
    },
    save: (state) => {
      const text = JSON.stringify(state)
      if (text === saved) return
      try {
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(`${path}.new`, text)
        renameSync(`${path}.new`, path)
        saved = text
      } catch (error) {
        onProblem(`cannot write the state ${path}: ${(error as Error).message}`)
      }
    },
  }
}
