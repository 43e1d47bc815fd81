import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { ErrorSink } from './guard.ts'
import { fileAt, packageOfPath, pathInside } from './library-files.ts'
import { type LibraryReport, OURS } from './library-report.ts'
import type { LibraryHooks } from './module-loads.ts'

/**
 * The files of ES modules that are prepared, each with the exports that its hook may replace; a hook that changes
 * prototypes in place replaces none. CommonJS files, which is what most libraries are, need none of this.
 */
const ESM_FILES: ReadonlyMap<string, readonly string[]> = new Map([
  ['@nestjs/core/router/router-execution-context.js', []],
  ['graphql/execution/execute.mjs', ['execute']],
])

/** Where the modules that are put around a library's find us. */
const KEY = Symbol.for('chokepoint.esm.1')

type Prepare = (file: string, exported: object) => object

/**
 * Calls a hook when the app has imported one of these ES modules: `import` is led to a small module that takes all
 * from the library's, with what the hook has replaced. Only the name is looked at, so no source is read or rewritten.
 */
export function watchEsmLoads(
  hooks: LibraryHooks,
  libraries: LibraryReport,
  report: ErrorSink,
): void {
  const files = new Map([...ESM_FILES].filter(([file]) => hooks.has(file)))
  if (files.size === 0 || !supported(process.versions.node)) return
  const packages = new Set([...files.keys()].map((file) => packageOfPath(`node_modules/${file}`)))

  const prepare: Prepare = (file, exported) => {
    try {
      return (hooks.get(file)?.(exported) as object | undefined) ?? exported
    } catch (error) {
      report(error)
      return exported
    }
  }
  ;(globalThis as { [KEY]?: Prepare })[KEY] = prepare

  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context)
      const { url } = resolved
      if (!url.startsWith('file:') || context.parentURL?.startsWith(PREFIX)) return resolved
      const name = packageOfPath(url)
      if (name === undefined || !packages.has(name)) return resolved
      const file = pathInside(url)!
      const names = files.get(file)
      // `require` cannot load such a module; it comes by `Module._load`.
      if (names === undefined || !context.conditions.includes('import')) return resolved
      const { packageName, folder } = fileAt(fileURLToPath(url))!
      libraries.note({ name: packageName, folder, observer: OURS, state: 'observed' })
      return { ...resolved, url: around(url, file, names), format: 'module', shortCircuit: true }
    },
  })
}

const PREFIX = 'data:text/javascript,/*chokepoint*/'

/** A module that exports all that the one at `url` does; a name of its own goes before one that comes by `*`. */
function around(url: string, file: string, names: readonly string[]): string {
  const from = JSON.stringify(url)
  const source = [
    `export * from ${from}`,
    `import * as original from ${from}`,
    `const prepare = globalThis[Symbol.for(${JSON.stringify(KEY.description)})]`,
    `const prepared = prepare(${JSON.stringify(file)}, original)`,
    ...names.map((name) => `export const ${name} = prepared.${name}`),
  ].join('\n')
  return PREFIX + encodeURIComponent(source)
}

/** The first of each line in which synchronous hooks let CommonJS packages be as they are. */
const FIRST_SAFE: ReadonlyMap<number, readonly [minor: number, patch: number]> = new Map([
  [22, [22, 3]],
  [24, [11, 1]],
  [25, [1, 0]],
])

/** Whether this Node has hooks that leave everything else alone. */
export function supported(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const first = FIRST_SAFE.get(major)
  if (first === undefined) return major >= 26
  return minor > first[0] || (minor === first[0] && patch >= first[1])
}
