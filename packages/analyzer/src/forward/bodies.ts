import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { ChokepointError } from '../model/errors.ts'

/** Where the bodies of a queue are kept, each under a name. All of it throws as the file system does. */
export interface Bodies {
  /** What is there already, with its size in bytes; in no order. */
  readonly list: () => readonly (readonly [name: string, bytes: number])[]
  readonly write: (name: string, body: Uint8Array) => void
  readonly read: (name: string) => Uint8Array
  readonly remove: (name: string) => void
}

const UNFINISHED = '.new'

/** Bodies as the files of a folder, whole or not at all. Throws STORAGE_FAILED when it cannot be made. */
export function openBodyFolder(folder: string): Bodies {
  try {
    mkdirSync(folder, { recursive: true })
    for (const name of readdirSync(folder)) {
      if (name.endsWith(UNFINISHED)) rmSync(join(folder, name))
    }
  } catch (error) {
    const why = (error as Error).message
    throw new ChokepointError('STORAGE_FAILED', `cannot use the queue in ${folder}: ${why}`, {
      cause: error,
    })
  }
  return {
    list: () => readdirSync(folder).map((name) => [name, statSync(join(folder, name)).size]),
    write: (name, body) => {
      const aside = join(folder, name + UNFINISHED)
      try {
        // Metrics may name what a business does not tell everyone.
        writeFileSync(aside, body, { mode: 0o600 })
        renameSync(aside, join(folder, name))
      } catch (error) {
        rmSync(aside, { force: true })
        throw error
      }
    },
    read: (name) => readFileSync(join(folder, name)),
    remove: (name) => rmSync(join(folder, name), { force: true }),
  }
}

/** Bodies in memory, for an analyzer that keeps nothing on disk. */
export function createBodyMemory(): Bodies {
  const kept = new Map<string, Uint8Array>()
  return {
    list: () => [],
    // A copy: the one who hands it over uses its bytes again.
    write: (name, body) => void kept.set(name, body.slice()),
    read: (name) => {
      const body = kept.get(name)
      if (body === undefined) throw new Error(`there is no body ${name}`)
      return body
    },
    remove: (name) => void kept.delete(name),
  }
}
