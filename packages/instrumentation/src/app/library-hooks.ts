import type { Components } from './components.ts'
import { prepareExpress } from './express.ts'
import { prepareGraphql } from './graphql.ts'
import { prepareIoredis } from './ioredis-connection.ts'
import { prepareKnexPool } from './knex-pool.ts'
import { packageOfRequest } from './library-files.ts'
import { prepareBunyan, preparePino, prepareWinston } from './log-correlation.ts'
import type { LibraryHook } from './module-loads.ts'
import { prepareMongoPool } from './mongodb-pool.ts'
import { prepareMysql2Pool } from './mysql2-pool.ts'
import { prepareNest } from './nest.ts'
import { type DbHooks, preparePg } from './pg.ts'
import { prepareRedisPool } from './redis-pool.ts'
import type { UndiciPools } from './undici-pool.ts'

/** What prepared libraries record into. */
export interface LibraryParts extends DbHooks {
  readonly components: Components
  readonly undiciPools: UndiciPools
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
  { id: 'bunyan', files: ['bunyan'], prepare: prepareBunyan },
  { id: 'express', files: ['express'], prepare: prepareExpress },
  // The second is what `import` gives of version 16.
  {
    id: 'graphql',
    files: ['graphql/execution/execute.js', 'graphql/execution/execute.mjs'],
    prepare: prepareGraphql,
  },
  { id: 'ioredis', files: ['ioredis'], prepare: prepareIoredis },
  { id: 'knex', files: ['knex/lib/client.js'], prepare: prepareKnexPool },
  { id: 'mongodb', files: ['mongodb/lib/cmap/connection_pool.js'], prepare: prepareMongoPool },
  {
    id: 'mysql2',
    files: ['mysql2/lib/base/pool.js', 'mysql2/lib/pool.js'],
    prepare: prepareMysql2Pool,
  },
  {
    id: 'nestjs-core',
    files: ['@nestjs/core/router/router-execution-context.js'],
    prepare: prepareNest,
  },
  { id: 'pg', files: ['pg'], prepare: preparePg },
  { id: 'pino', files: ['pino'], prepare: preparePino },
  { id: 'redis', files: ['@redis/client/dist/lib/client/pool.js'], prepare: prepareRedisPool },
  {
    id: 'undici',
    files: ['undici'],
    prepare: (exported, { undiciPools }) => undiciPools.prepare(exported),
  },
  { id: 'winston', files: ['winston/lib/winston/logger.js'], prepare: prepareWinston },
]

/** The packages of those that the user has switched off. */
export function disabledLibraries(wanted: (id: string) => boolean): string[] {
  return LIBRARIES.filter(({ id }) => !wanted(id)).flatMap(({ files }) =>
    files.map((file) => packageOfRequest(file)!),
  )
}

/** The hooks of those libraries that the user has left on. */
export function libraryHooks(
  parts: LibraryParts,
  wanted: (id: string) => boolean,
): [file: string, hook: LibraryHook][] {
  return LIBRARIES.filter(({ id }) => wanted(id)).flatMap(({ files, prepare }) =>
    files.map((file): [string, LibraryHook] => [file, (exported) => prepare(exported, parts)]),
  )
}
