import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { recordedInstrument } from '../shared/recorded-instruments.ts'
import type { SeriesWriter } from '../shared/series-writer.ts'

/** What became of a library that the app has loaded. */
export type LibraryState =
  | 'observed'
  /** The user has switched its instrumentation off. */
  | 'disabled'
  /** No instrumentation of ours knows this version. */
  | 'version not supported'

/** A loaded library. */
export interface LoadedLibrary {
  readonly name: string
  /** Its folder. */
  readonly folder: string
  /** Who observes it, or would. */
  readonly observer: string
  readonly state: LibraryState
}

/** The observer of what we prepare ourselves. */
export const OURS = 'chokepoint'

const INSTRUMENT = recordedInstrument('chokepoint.sdk.library')

/** Tells which libraries the app has loaded and what became of each, as `chokepoint.sdk.library`. */
export class LibraryReport {
  readonly #writer: SeriesWriter
  readonly #known = new Set<string>()
  #news: LoadedLibrary[] = []

  constructor(writer: SeriesWriter) {
    this.#writer = writer
  }

  /** Keeps what is new. It is not told at once: a script that has loaded a library only has nothing to wait for. */
  note(library: LoadedLibrary): void {
    const { folder, observer, state } = library
    const key = `${folder} ${observer} ${state}`
    if (this.#known.has(key)) return
    this.#known.add(key)
    this.#news.push(library)
  }

  /** Tells what is new since the last time. */
  tell(): void {
    const news = this.#news
    if (news.length === 0) return
    this.#news = []
    for (const { name, folder, observer, state } of news) {
      const place = this.#writer.intern(INSTRUMENT, {
        'chokepoint.library.name': name,
        'chokepoint.library.version': readVersion(folder),
        'chokepoint.library.observer': observer,
        'chokepoint.library.state': state,
      })
      this.#writer.set(place, 1)
    }
  }
}

function readVersion(folder: string): string {
  try {
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      readonly version?: string
    }
    return version ?? 'unknown'
  } catch {
    // A package without its package.json is none of our business: the app has loaded it.
    return 'unknown'
  }
}
