import Module from 'node:module'
import type { ErrorSink } from './guard.ts'
import { fileAt, type OfficialInstrumentations } from './official-instrumentations.ts'

/** Prepares a library when the app first loads it; gets what its package exports. */
export type LibraryHook = (exported: unknown) => void

/** The packages that are prepared, by name. */
export type LibraryHooks = ReadonlyMap<string, LibraryHook>

interface Loader {
  _load(request: string, parent: unknown, isMain: boolean): unknown
  _resolveFilename(request: string, parent: unknown): string
}

/**
 * Calls a hook when the app has loaded one of the packages. Node loads CommonJS packages through `Module._load`,
 * for `require` and for `import` alike, so this needs no loader hook. With `require` the request is the package's
 * name, with `import` it is the file, and there is no parent.
 */
export function watchModuleLoads(
  hooks: LibraryHooks,
  official: OfficialInstrumentations,
  report: ErrorSink,
): void {
  const loader = Module as unknown as Loader
  const load = loader._load
  const seen = new WeakSet<object>()
  const awake = new Set<string>()

  function wake(name: string): void {
    if (awake.has(name) || !official.knows(name)) return
    awake.add(name)
    official.wake(name)
  }

  function prepare(name: string, exported: object): void {
    const hook = hooks.get(name)
    // A hook that fails because a circular load shows half of the exports looks again at the next load.
    if (hook === undefined || seen.has(exported)) return
    hook(exported)
    seen.add(exported)
  }

  function patch(request: string, parent: unknown, name: string, exported: object): unknown {
    const isEntry = awake.has(name)
    const from = (parent as { filename?: string } | null | undefined)?.filename
    if (!isEntry && !liesInAwake(from)) return exported
    const file = fileAt(loader._resolveFilename(request, parent), isEntry)
    return file === undefined ? exported : official.patch(exported, file)
  }

  function liesInAwake(from: string | undefined): boolean {
    if (from === undefined || awake.size === 0) return false
    for (const name of awake) if (from.includes(`node_modules/${name}/`)) return true
    return false
  }

  loader._load = function chokepointLoad(request, parent, isMain) {
    const name = packageOf(request, parent)
    attempt(report, () => wake(name))
    const exported = load.call(this, request, parent, isMain)
    if (exported === null) return exported
    if (typeof exported !== 'object' && typeof exported !== 'function') return exported
    attempt(report, () => prepare(name, exported))
    if (awake.size === 0) return exported
    return attempt(report, () => patch(request, parent, name, exported)) ?? exported
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

const FOLDER = 'node_modules/'

/** The package that a request names, or that the file lies in when an ES module imports it. */
function packageOf(request: string, parent: unknown): string {
  if (parent !== undefined && parent !== null) return request
  const path = request.replaceAll('\\', '/')
  const start = path.lastIndexOf(FOLDER)
  if (start < 0) return request
  const [first, second] = path.slice(start + FOLDER.length).split('/', 2)
  return first!.startsWith('@') ? `${first}/${second}` : first!
}
