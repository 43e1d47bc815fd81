import { createRequire } from 'node:module'
import { join } from 'node:path'

/** A loaded file of a package: `name` is the package's for its entry, else with the path inside it. */
export interface LoadedFile {
  readonly packageName: string
  readonly name: string
  /** Folder of the package. */
  readonly folder: string
}

const FOLDER = 'node_modules/'

/** The package that a bare request names: `mysql2/promise` is of `mysql2`. Undefined for a path or a core module. */
export function packageOfRequest(request: string): string | undefined {
  const first = request.charCodeAt(0)
  // `.`, `/`, `#` and `C:\` begin no package's name.
  if (first === 46 || first === 47 || first === 35 || request.includes('\\')) return undefined
  return firstSegments(request)
}

/** The package that a path or a `file:` URL lies in; undefined outside of `node_modules`. */
export function packageOfPath(path: string): string | undefined {
  const inside = pathInside(path)
  return inside === undefined ? undefined : firstSegments(inside)
}

/** Package and path inside it, `graphql/execution/execute.mjs`; undefined outside of `node_modules`. */
export function pathInside(path: string): string | undefined {
  const normal = path.includes('\\') ? path.replaceAll('\\', '/') : path
  const start = normal.lastIndexOf(FOLDER)
  return start < 0 ? undefined : normal.slice(start + FOLDER.length)
}

/** Which file of which package lies at a path; undefined outside of `node_modules`. */
export function fileAt(path: string): LoadedFile | undefined {
  const inside = pathInside(path)
  if (inside === undefined) return undefined
  const packageName = firstSegments(inside)
  const folder = path.slice(0, path.length - inside.length + packageName.length)
  const isEntry = entryOf(folder, packageName) === path
  return { packageName, name: isEntry ? packageName : inside, folder }
}

/** Entries by folder: a package has hundreds of files, each of which is compared. */
const entries = new Map<string, string | undefined>()

/** The file that `require` gives for a package. */
function entryOf(folder: string, packageName: string): string | undefined {
  if (!entries.has(folder)) entries.set(folder, resolveEntry(folder, packageName))
  return entries.get(folder)
}

function resolveEntry(folder: string, packageName: string): string | undefined {
  try {
    return createRequire(join(folder, 'package.json')).resolve(packageName)
  } catch {
    // A package for `import` alone has none.
    return undefined
  }
}

function firstSegments(path: string): string {
  const slash = path.indexOf('/')
  if (slash < 0) return path
  if (path.charCodeAt(0) !== 64) return path.slice(0, slash)
  const second = path.indexOf('/', slash + 1)
  return second < 0 ? path : path.slice(0, second)
}
