import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoredProfile } from '../model/profile.ts'

/** A profile on the shelf, and whose it is. */
export interface ShelfEntry extends StoredProfile {
  readonly tenant: string
}

export interface ShelfLimits {
  readonly profilesMax: number
  readonly profilesBytesMax: number
}

const INDEX = 'index.json'
const ENDING = '.pb.gz'

/** Profiles in a folder, or in memory without one; bounded in number and bytes, the oldest make room. */
export class ProfileShelf {
  readonly #folder: string | undefined
  readonly #limits: ShelfLimits
  /** Oldest first. */
  #entries: readonly ShelfEntry[] = []
  readonly #inMemory = new Map<string, Uint8Array>()

  /** Reads the folder's index back. A file that the index does not know is of a crash, and is removed. */
  constructor(folder: string | undefined, limits: ShelfLimits) {
    this.#folder = folder
    this.#limits = limits
    if (folder === undefined) return
    const files = new Set(readNames(folder))
    this.#entries = readIndex(folder).filter(({ id }) => files.delete(id + ENDING))
    files.delete(INDEX)
    for (const name of files) rmSync(join(folder, name))
  }

  get entries(): readonly ShelfEntry[] {
    return this.#entries
  }

  /** Adds one. Rejects as the file system does; then nothing of it is left. */
  async put(entry: ShelfEntry, profile: Uint8Array): Promise<void> {
    const { profilesMax, profilesBytesMax } = this.#limits
    const kept = [...this.#entries, entry]
    const dropped: ShelfEntry[] = []
    const bytes = () => kept.reduce((sum, one) => sum + one.bytes, 0)
    while (kept.length > 1 && (kept.length > profilesMax || bytes() > profilesBytesMax)) {
      dropped.push(...kept.splice(0, 1))
    }
    if (this.#folder === undefined) this.#inMemory.set(entry.id, profile)
    else await this.#write(this.#folder, entry, profile, kept)
    this.#entries = kept
    for (const { id } of dropped) {
      this.#inMemory.delete(id)
      if (this.#folder !== undefined) await rm(join(this.#folder, id + ENDING), { force: true })
    }
  }

  /** The file of a profile that is in `entries`. */
  async read(id: string): Promise<Uint8Array> {
    if (this.#folder !== undefined) return readFile(join(this.#folder, id + ENDING))
    return this.#inMemory.get(id) ?? new Uint8Array()
  }

  async #write(
    folder: string,
    { id }: ShelfEntry,
    profile: Uint8Array,
    kept: readonly ShelfEntry[],
  ): Promise<void> {
    mkdirSync(folder, { recursive: true })
    const file = join(folder, id + ENDING)
    const index = join(folder, INDEX)
    try {
      await writeFile(file, profile, { mode: 0o600 })
      await writeFile(`${index}.new`, JSON.stringify(kept), { mode: 0o600 })
      await rename(`${index}.new`, index)
    } catch (error) {
      await rm(file, { force: true })
      await rm(`${index}.new`, { force: true })
      throw error
    }
  }
}

function readNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function readIndex(folder: string): readonly ShelfEntry[] {
  try {
    return JSON.parse(readFileSync(join(folder, INDEX), 'utf8')) as ShelfEntry[]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
