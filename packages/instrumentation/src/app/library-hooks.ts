import type { Components } from './components.ts'
import { prepareExpress } from './express.ts'
import type { LibraryHook } from './module-loads.ts'
import { type DbHooks, preparePg } from './pg.ts'

/** What prepared libraries record into. */
export interface LibraryParts extends DbHooks {
  readonly components: Components
}

/** A library that we prepare ourselves. */
interface LibraryRow {
  /** Its name in `OTEL_NODE_ENABLED_INSTRUMENTATIONS`. */
  readonly id: string
  /** Files as `LibraryHooks` names them. */
  readonly files: readonly string[]
  readonly prepare: (exported: unknown, parts: LibraryParts) => unknown
}

const LIBRARIES: readonly LibraryRow[] = [
  { id: 'express', files: ['express'], prepare: prepareExpress },
  { id: 'pg', files: ['pg'], prepare: preparePg },
]

/** The hooks of those libraries that the user has left on. */
export function libraryHooks(
  parts: LibraryParts,
  wanted: (id: string) => boolean,
): [file: string, hook: LibraryHook][] {
  return LIBRARIES.filter(({ id }) => wanted(id)).flatMap(({ files, prepare }) =>
    files.map((file): [string, LibraryHook] => [file, (exported) => prepare(exported, parts)]),
  )
}
