import { createRequire } from 'node:module'
import type { LoadedFile } from './library-files.ts'
import type { LibraryState } from './library-report.ts'
import { withoutRequireHook } from './require-hook.ts'

/** An instrumentation of the OpenTelemetry project, and the packages whose first load wakes it. */
interface OfficialRow {
  /** Its name in `OTEL_NODE_ENABLED_INSTRUMENTATIONS`. */
  readonly id: string
  readonly libraries: readonly string[]
  readonly className: string
  readonly config?: object
}

// One span for each middleware would cost more than it tells; the route is told without them.
const ROUTES_ONLY = { ignoreLayersType: ['middleware'] }

/** What is observed by OpenTelemetry's instrumentations; HTTP, undici, fastify, express and pg are our own. */
const OFFICIAL: readonly OfficialRow[] = [
  { id: 'amqplib', libraries: ['amqplib'], className: 'AmqplibInstrumentation' },
  {
    id: 'aws-sdk',
    libraries: [
      '@aws-sdk/middleware-stack',
      '@aws-sdk/smithy-client',
      '@smithy/core',
      '@smithy/middleware-stack',
      '@smithy/smithy-client',
    ],
    className: 'AwsInstrumentation',
  },
  { id: 'grpc', libraries: ['@grpc/grpc-js'], className: 'GrpcInstrumentation' },
  { id: 'hapi', libraries: ['@hapi/hapi'], className: 'HapiInstrumentation' },
  { id: 'ioredis', libraries: ['ioredis'], className: 'IORedisInstrumentation' },
  { id: 'kafkajs', libraries: ['kafkajs'], className: 'KafkaJsInstrumentation' },
  { id: 'knex', libraries: ['knex'], className: 'KnexInstrumentation' },
  {
    id: 'koa',
    libraries: ['koa', '@koa/router', 'koa-router'],
    className: 'KoaInstrumentation',
    config: ROUTES_ONLY,
  },
  { id: 'mongodb', libraries: ['mongodb'], className: 'MongoDBInstrumentation' },
  { id: 'mongoose', libraries: ['mongoose'], className: 'MongooseInstrumentation' },
  { id: 'mysql2', libraries: ['mysql2'], className: 'MySQL2Instrumentation' },
  { id: 'redis', libraries: ['redis', '@redis/client'], className: 'RedisInstrumentation' },
  { id: 'socket.io', libraries: ['socket.io'], className: 'SocketIoInstrumentation' },
]

/** What an instrumentation patches of a package: its entry, and files inside it. */
interface Definition {
  readonly name: string
  readonly files: readonly InnerFile[]
  /** There once it was patched. */
  readonly moduleExports?: unknown
}

type InnerFile = Pick<Definition, 'name' | 'moduleExports'>

/** The part of `InstrumentationBase` that is used: it checks the version of a loaded file and patches it. */
interface Instrumentation {
  _enabled: boolean
  getModuleDefinitions(): readonly Definition[]
  _onRequire(definition: unknown, exported: unknown, name: string, folder: string): unknown
}

/** Runs `work` while instruments that are made come to nothing. */
export type Quietly = <Result>(work: () => Result) => Result

/**
 * Applies OpenTelemetry's instrumentations by our own watch over module loads. They are made disabled, so that their
 * hooks of every `require` and `import` are never installed; each is loaded when the app loads its library.
 */
export class OfficialInstrumentations {
  readonly #rows = new Map<string, OfficialRow>()
  readonly #awake = new Map<OfficialRow, Instrumentation>()
  /** Folders of packages in which something was patched. */
  readonly #patched = new Map<OfficialRow, Set<string>>()
  readonly #disabled = new Map<string, string>()
  readonly #quietly: Quietly

  /**
   * @param wanted whether the user has left an instrumentation on, by its id
   * @param quietly runs their constructors so that the instruments they make are for nothing: we have the same numbers
   */
  constructor(wanted: (id: string) => boolean, quietly: Quietly) {
    this.#quietly = quietly
    for (const row of OFFICIAL) {
      const isWanted = wanted(row.id)
      for (const library of row.libraries) {
        if (isWanted) this.#rows.set(library, row)
        else this.#disabled.set(library, packageOf(row))
      }
    }
  }

  /** The packages whose files have to come here. */
  get packages(): Iterable<string> {
    return this.#rows.keys()
  }

  /** Packages that are left alone because the user wants it so, by who would observe them. */
  get disabled(): ReadonlyMap<string, string> {
    return this.#disabled
  }

  /** Called before a file of a package is loaded, so that all its files can be patched as they come. */
  wake(packageName: string): void {
    const row = this.#rows.get(packageName)
    if (row === undefined || this.#awake.has(row)) return
    const load = createRequire(import.meta.url)
    const classes = load(packageOf(row)) as Record<string, new (config: object) => Instrumentation>
    const make = (): Instrumentation =>
      new classes[row.className]!({ ...row.config, enabled: false })
    const instrumentation = this.#quietly(() => withoutRequireHook(make))
    // Their wrappers look at this flag; `enable()` would set it, but installs the hooks too.
    instrumentation._enabled = true
    this.#awake.set(row, instrumentation)
  }

  /** What the app is given in place of a file's exports; mostly the same object, with methods wrapped. */
  patch(
    exported: unknown,
    file: LoadedFile,
    note: (observer: string, state: LibraryState) => void,
  ): unknown {
    const row = this.#rows.get(file.packageName)
    const instrumentation = row === undefined ? undefined : this.#awake.get(row)
    if (row === undefined || instrumentation === undefined) return exported
    // Each asked about a file reads the version of its package, so it is asked only about those it patches.
    const definitions = instrumentation
      .getModuleDefinitions()
      .filter(({ name }) => name === file.packageName)
    const patched = definitions
      .filter(({ name, files }) => [name, ...files.map((inner) => inner.name)].includes(file.name))
      .reduce(
        (current, definition) =>
          instrumentation._onRequire(definition, current, file.name, file.folder),
        exported,
      )
    const isPatched = definitions
      .flatMap((definition): InnerFile[] => [definition, ...definition.files])
      .some(({ moduleExports }) => moduleExports !== undefined)
    if (isPatched) {
      this.#patched.set(row, (this.#patched.get(row) ?? new Set()).add(file.folder))
      note(packageOf(row), 'observed')
    } else if (file.name === file.packageName && !this.#isObserved(row, file)) {
      note(packageOf(row), 'version not supported')
    }
    return patched
  }

  /**
   * Asked when an entry is loaded: its inner files were before, and the other packages that it is made of, as `redis` is
   * of `@redis/client`.
   */
  #isObserved(row: OfficialRow, { folder }: LoadedFile): boolean {
    const folders = this.#patched.get(row) ?? new Set()
    return row.libraries.length === 1 ? folders.has(folder) : folders.size > 0
  }
}

/** The package of an instrumentation. */
function packageOf({ id }: OfficialRow): string {
  return `@opentelemetry/instrumentation-${id}`
}
