/** Where the bodies of a queue are kept, each under a name. All of it fails as the file system does. */
export interface Bodies {
  /** What was there at the start, with its size in bytes; in no order. */
  readonly list: () => readonly (readonly [name: string, bytes: number])[]
  /** Resolves when the body is kept as safely as it will be before the acknowledgement. */
  readonly write: (name: string, body: Uint8Array) => Promise<void>
  readonly read: (name: string) => Promise<Uint8Array>
  readonly remove: (name: string) => Promise<void>
  /** Makes safe what is not yet. */
  readonly close: () => Promise<void>
}

/** Bodies in memory, for an analyzer that keeps nothing on disk. */
export function createBodyMemory(): Bodies {
  const kept = new Map<string, Uint8Array>()
  return {
    list: () => [],
    write: async (name, body) => {
      // A copy: the one who hands it over uses its bytes again. (`slice` of a Buffer would be a view.)
      kept.set(name, new Uint8Array(body))
    },
    read: async (name) => {
      const body = kept.get(name)
      if (body === undefined) throw new Error(`there is no body ${name}`)
      return body
    },
    remove: async (name) => {
      kept.delete(name)
    },
    close: async () => {},
  }
}
