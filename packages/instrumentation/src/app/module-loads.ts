import Module from 'node:module'
import type { ErrorSink } from './guard.ts'

/** Prepares a library when the app first loads it; gets what its package exports. */
export type LibraryHook = (exported: unknown) => void

/** The packages that are prepared, by name. */
export type LibraryHooks = ReadonlyMap<string, LibraryHook>

interface Loader {
  _load(request: string, parent: unknown, isMain: boolean): unknown
}

/**
 * Calls a hook when the app has loaded one of the packages. Node loads CommonJS packages through `Module._load`,
 * for `require` and for `import` alike, so this needs no loader hook. With `require` the request is the package's
 * name, with `import` it is the file; each package has one entry file, which is told from its other files by the
 * first load that comes by name or from an ES module (which has no parent).
 */
export function watchModuleLoads(hooks: LibraryHooks, report: ErrorSink): void {
  const loader = Module as unknown as Loader
  const load = loader._load
  const seen = new WeakSet<object>()
  loader._load = function chokepointLoad(request, parent, isMain) {
    const exported = load.call(this, request, parent, isMain)
    const hook = hooks.get(packageOf(request, parent))
    if (hook === undefined || exported === null) return exported
    if (typeof exported !== 'object' && typeof exported !== 'function') return exported
    // A circular load shows exports that are not complete: the hook looks again at the next load.
    if (seen.has(exported)) return exported
    try {
      hook(exported)
      seen.add(exported)
    } catch (error) {
      report(error)
    }
    return exported
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
