import { createRequire } from 'node:module'
import { dirname } from 'node:path'

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
  { id: 'hapi', libraries: ['@hapi/hapi'], className: 'HapiInstrumentation' },
  { id: 'ioredis', libraries: ['ioredis'], className: 'IORedisInstrumentation' },
  { id: 'kafkajs', libraries: ['kafkajs'], className: 'KafkaJsInstrumentation' },
  {
    id: 'koa',
    libraries: ['koa', '@koa/router', 'koa-router'],
    className: 'KoaInstrumentation',
    config: ROUTES_ONLY,
  },
  { id: 'mongodb', libraries: ['mongodb'], className: 'MongoDBInstrumentation' },
  { id: 'mysql2', libraries: ['mysql2'], className: 'MySQL2Instrumentation' },
  { id: 'redis', libraries: ['redis', '@redis/client'], className: 'RedisInstrumentation' },
]

/** The part of `InstrumentationBase` that is used: it checks the version of a loaded file and patches it. */
interface Instrumentation {
  _enabled: boolean
  getModuleDefinitions(): readonly unknown[]
  _onRequire(definition: unknown, exported: unknown, name: string, folder: string): unknown
}

/** A loaded file of a package: `name` is the package's for its entry, else with the path inside it. */
export interface LoadedFile {
  readonly packageName: string
  readonly name: string
  /** Folder of the package. */
  readonly folder: string
}

/**
 * Applies OpenTelemetry's instrumentations by our own watch over module loads. They are made disabled, so that their
 * hooks of every `require` and `import` are never installed; each is loaded when the app loads its library.
 */
export class OfficialInstrumentations {
  readonly #rows = new Map<string, OfficialRow>()
  readonly #awake = new Map<OfficialRow, Instrumentation>()
  readonly #patched = new WeakMap<object, unknown>()

  /** @param wanted whether the user has left an instrumentation on, by its id */
  constructor(wanted: (id: string) => boolean) {
    for (const row of OFFICIAL) {
      if (!wanted(row.id)) continue
      for (const library of row.libraries) this.#rows.set(library, row)
    }
  }

  /** Whether a package is one of those in the table. */
  knows(packageName: string): boolean {
    return this.#rows.has(packageName)
  }

  /** Called before a package's entry is loaded, so that its inner files can be patched as they come. */
  wake(packageName: string): void {
    const row = this.#rows.get(packageName)
    if (row === undefined || this.#awake.has(row)) return
    const load = createRequire(import.meta.url)
    const classes = load(`@opentelemetry/instrumentation-${row.id}`) as Record<
      string,
      new (
        config: object,
      ) => Instrumentation
    >
    const instrumentation = new classes[row.className]!({ ...row.config, enabled: false })
    // Their wrappers look at this flag; `enable()` would set it, but installs the hooks too.
    instrumentation._enabled = true
    this.#awake.set(row, instrumentation)
  }

  /** What the app is given in place of a file's exports; mostly the same object, with methods wrapped. */
  patch(exported: unknown, file: LoadedFile): unknown {
    const row = this.#rows.get(file.packageName)
    const instrumentation = row === undefined ? undefined : this.#awake.get(row)
    if (instrumentation === undefined) return exported
    const key = exported as object
    if (this.#patched.has(key)) return this.#patched.get(key)
    const result = instrumentation
      .getModuleDefinitions()
      .filter((definition) => (definition as { name: string }).name === file.packageName)
      .reduce(
        (current, definition) =>
          instrumentation._onRequire(definition, current, file.name, file.folder),
        exported,
      )
    this.#patched.set(key, result)
    return result
  }
}

/** Which file of which package lies at a path. */
export function fileAt(path: string, isEntry: boolean): LoadedFile | undefined {
  const normal = path.replaceAll('\\', '/')
  const start = normal.lastIndexOf('node_modules/')
  if (start < 0) return undefined
  const inside = normal.slice(start + 'node_modules/'.length)
  const parts = inside.split('/')
  const packageName = parts.slice(0, inside.startsWith('@') ? 2 : 1).join('/')
  const folder = `${normal.slice(0, start)}node_modules/${packageName}`
  return { packageName, name: isEntry ? packageName : inside, folder: folder || dirname(path) }
}
