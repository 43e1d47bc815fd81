import Module from 'node:module'
import type { ErrorSink } from './guard.ts'
import { fileAt, type LoadedFile, packageOfPath, packageOfRequest } from './library-files.ts'
import { type LibraryReport, type LibraryState, OURS } from './library-report.ts'
import type { OfficialInstrumentations } from './official-instrumentations.ts'

/**
 * Prepares a library when the app first loads one of its files; gets what the file exports, and may give what the
 * app shall get in its place.
 */
export type LibraryHook = (exported: unknown) => unknown

/** The files that are prepared: a package's name stands for its entry, `mysql2/lib/base/pool.js` for another. */
export type LibraryHooks = ReadonlyMap<string, LibraryHook>

/** What is watched, and whom the libraries are told that the app has loaded. */
export interface ModuleWatch {
  readonly hooks: LibraryHooks
  readonly official: OfficialInstrumentations
  /** Packages whose instrumentation the user has switched off, by who would observe them. */
  readonly disabled: ReadonlyMap<string, string>
  readonly libraries: LibraryReport
}

interface Loader {
  readonly _cache: Record<string, { exports: unknown; readonly loaded: boolean } | undefined>
  _load(request: string, parent: unknown, isMain: boolean): unknown
  _resolveFilename(request: string, parent: unknown): string
}

/**
 * Calls a hook when the app has loaded one of the files. Node loads CommonJS files through `Module._load`, for
 * `require` and for `import` alike, so this needs no loader hook. With `import` the request is the path of the file,
 * and there is no parent.
 */
export function watchModuleLoads(watch: ModuleWatch, report: ErrorSink): void {
  const { hooks, official, disabled, libraries } = watch
  const loader = Module as unknown as Loader
  const load = loader._load
  const packages = new Set([...hooks.keys()].map((file) => packageOfRequest(file)!))
  for (const name of [...official.packages, ...disabled.keys()]) packages.add(name)
  const done = new WeakMap<object, Map<string, object>>()

  /** The package whose file is asked for, when it is one of ours. */
  function watched(request: string, parent: unknown): string | undefined {
    const from = (parent as { filename?: string | null } | null | undefined)?.filename
    const name =
      packageOfRequest(request) ?? packageOfPath(typeof from === 'string' ? from : request)
    return name !== undefined && packages.has(name) ? name : undefined
  }

  function prepared(request: string, parent: unknown, exported: object): object {
    const known = done.get(exported)?.get(request)
    if (known !== undefined) return known
    const path = loader._resolveFilename(request, parent)
    const cached = loader._cache[path]
    // A circular load shows half of the exports: the load that is under way comes here, too, when it is complete.
    if (cached?.loaded === false) return exported
    const file = fileAt(path)
    const name = file?.name ?? request
    const result = done.get(exported)?.get(name) ?? patched(name, file, exported)
    for (const key of [name, request]) {
      remember(exported, key, result)
      remember(result, key, result)
    }
    // `import` takes what lies in the cache, not what is returned here.
    if (result !== exported && cached !== undefined) cached.exports = result
    return result
  }

  function patched(name: string, file: LoadedFile | undefined, exported: object): object {
    const hook = hooks.get(name)
    const own = hook?.(exported) ?? exported
    if (file === undefined) return own as object
    const { packageName, folder } = file
    const note = (observer: string, state: LibraryState): void =>
      libraries.note({ name: packageName, folder, observer, state })
    if (hook !== undefined) note(OURS, 'observed')
    const observer = disabled.get(packageName)
    if (observer !== undefined) note(observer, 'disabled')
    return official.patch(own, file, note) as object
  }

  /**
   * By request, which is known at once, and by name, because a file is asked for in many ways; and not by the exports
   * alone, because an entry may give the very exports of an inner file that was loaded before it.
   */
  function remember(exported: object, key: string, result: object): void {
    const known = done.get(exported) ?? new Map<string, object>()
    known.set(key, result)
    done.set(exported, known)
  }

  loader._load = function chokepointLoad(request, parent, isMain) {
    const name = watched(request, parent)
    if (name === undefined) return load.call(this, request, parent, isMain)
    attempt(report, () => official.wake(name))
    const exported = load.call(this, request, parent, isMain)
    if (exported === null) return exported
    if (typeof exported !== 'object' && typeof exported !== 'function') return exported
    return attempt(report, () => prepared(request, parent, exported)) ?? exported
  }
}

function attempt<Result>(report: ErrorSink, work: () => Result): Result | undefined {
  try {
    return work()
  } catch (error) {
    report(error)
    return undefined
  }
}
