import { readFileSync } from 'node:fs'
import { jsonTexts } from './model/text-pieces.ts'
import { gatherPieces, replaceFile } from './replace-file.ts'

/** Keeps one JSON value on disk, always whole: a crash leaves the old one or the new one. */
export interface StateFile<State> {
  /** What was saved last; undefined when nothing was, or when it cannot be read any more. */
  readonly load: () => State | undefined
  /**
   * Writes the state with others served meanwhile, so it must not change; resolves when it, or one that was
   * handed over later, is on the disk.
   */
  readonly save: (state: State) => Promise<void>
}

/** `onProblem` is told in one sentence why a saved state could not be read or written. */
export function openStateFile<State>(
  path: string,
  onProblem: (message: string) => void,
): StateFile<State> {
  let saved: readonly string[] = []
  let next: State | undefined
  let writing: Promise<void> | undefined

  async function writeAll(): Promise<void> {
    while (next !== undefined) {
      const state = next
      next = undefined
      try {
        const pieces = await gatherPieces(jsonTexts(state))
        if (same(pieces, saved)) continue
        await replaceFile(path, pieces)
        saved = pieces
      } catch (error) {
        onProblem(`cannot write the state ${path}: ${(error as Error).message}`)
      }
    }
    writing = undefined
  }

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
      next = state
      writing ??= writeAll()
      return writing
    },
  }
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((piece, i) => piece === b[i])
}
