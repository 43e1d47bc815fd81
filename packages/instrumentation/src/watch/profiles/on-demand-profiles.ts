import { resolve } from 'node:path'
import type { ProfileSettings } from '../../settings/profile-settings.ts'
import type { SourceMaps } from '../stall/source-maps.ts'
import type { ProfileKind, ProfileTaker } from './profile-taker.ts'

export interface OnDemandProfilesOptions {
  readonly settings: ProfileSettings
  readonly sourceMaps: SourceMaps
  /** Wall clock, in ms. */
  readonly now: () => number
  /** Tells the person who asked: one line each. */
  readonly tell: (line: string) => void
}

/** Profiles that somebody asks for: by a signal, as files; by HTTP, as an answer. */
export class OnDemandProfiles {
  readonly #options: OnDemandProfilesOptions
  #taker: ProfileTaker | undefined
  #closed = false

  constructor(options: OnDemandProfilesOptions) {
    this.#options = options
  }

  /** A gzipped pprof file. Fails while another profile of the kind is taken, and when the process ends. */
  async take(kind: ProfileKind, seconds: number): Promise<Uint8Array> {
    // Most processes are never asked: what encodes a profile is loaded when the first is wanted.
    const { ProfileTaker } = await import('./profile-taker.ts')
    const { sourceMaps, now } = this.#options
    if (this.#closed) throw new Error('the process ends')
    this.#taker ??= new ProfileTaker(sourceMaps, now)
    return this.#taker.take(kind, seconds)
  }

  /** Writes a profile of each kind into the folder and tells where, or why not. */
  async write(): Promise<void> {
    const { seconds } = this.#options.settings
    this.#options.tell(`a cpu and a heap profile are taken for ${seconds} s`)
    await Promise.all([this.#writeOne('cpu'), this.#writeOne('heap')])
  }

  /** Lets go of the app thread at once. */
  close(): void {
    this.#closed = true
    this.#taker?.close()
  }

  async #writeOne(kind: ProfileKind): Promise<void> {
    const { settings, now, tell } = this.#options
    const directory = resolve(settings.directory)
    try {
      const profile = await this.take(kind, settings.seconds)
      const { writeProfile } = await import('./profile-files.ts')
      const path = await writeProfile(directory, kind, profile, now())
      tell(`the ${kind} profile is in ${path}`)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (!this.#closed) tell(`no ${kind} profile is written to ${directory}: ${reason}`)
    }
  }
}
