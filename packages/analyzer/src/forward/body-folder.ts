import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ChokepointError } from '../model/errors.ts'
import type { Bodies } from './bodies.ts'

/** When bodies are forced to the disk, as the log does it: before each acknowledgement, each 100 ms, or never. */
export type BodySync = 'always' | 'interval' | 'never'

const UNFINISHED = '.new'
const SYNC_INTERVAL_MS = 100

/** Bodies as the files of a folder, whole or not at all. Throws STORAGE_FAILED when it cannot be made. */
export function openBodyFolder(folder: string, fsync: BodySync): Bodies {
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
  return new BodyFolder(folder, fsync)
}

class BodyFolder implements Bodies {
  readonly #folder: string
  readonly #fsync: BodySync
  #unsynced = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor(folder: string, fsync: BodySync) {
    this.#folder = folder
    this.#fsync = fsync
  }

  list(): readonly (readonly [string, number])[] {
    const folder = this.#folder
    return readdirSync(folder).map((name) => [name, statSync(join(folder, name)).size])
  }

  async write(name: string, body: Uint8Array): Promise<void> {
    const path = join(this.#folder, name)
    const aside = path + UNFINISHED
    try {
      // Metrics may name what a business does not tell everyone.
      const file = await open(aside, 'w', 0o600)
      try {
        await file.writeFile(body)
        if (this.#fsync === 'always') await file.datasync()
      } finally {
        await file.close()
      }
      await rename(aside, path)
    } catch (error) {
      await rm(aside, { force: true })
      throw error
    }
    if (this.#fsync === 'always') await syncPath(this.#folder)
    else if (this.#fsync === 'interval') this.#syncLater(name)
  }

  async read(name: string): Promise<Uint8Array> {
    return readFile(join(this.#folder, name))
  }

  async remove(name: string): Promise<void> {
    // What is sent before its time to be synced need not be synced.
    this.#unsynced.delete(name)
    await rm(join(this.#folder, name), { force: true })
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#sync()
  }

  #syncLater(name: string): void {
    this.#unsynced.add(name)
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.#sync()
    }, SYNC_INTERVAL_MS).unref()
  }

  async #sync(): Promise<void> {
    const names = [...this.#unsynced]
    this.#unsynced = new Set()
    if (names.length === 0) return
    // One that was sent and removed meanwhile has no file; what cannot be synced is in the log as well.
    await Promise.allSettled(names.map((name) => syncPath(join(this.#folder, name))))
    await Promise.allSettled([syncPath(this.#folder)])
  }
}

async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
