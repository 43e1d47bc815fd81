import type { Problem } from '../problem.ts'
import type { SourceTree } from '../source-tree.ts'

/** Files that nothing imports because a person, a package manager or a page starts them. */
const ENTRIES = [
  /^packages\/[^/]+\/src\/(index|main|register|register-hooks)\.ts$/,
  /^packages\/[^/]+\/register\.cjs$/,
  /^packages\/analyzer\/src\/(web|report)\/page\//,
  /^packages\/instrumentation\/src\/metric-table\.ts$/,
  /\.test\.ts$/,
  /\.d\.ts$/,
  /^tools\/[^/]+$/,
  /^tools\/[^/]+\/main\.ts$/,
  /^examples\//,
  /^bench\/([^/]+\/)?main\.ts$/,
  // Programs that a bench or a test starts as processes of their own.
  /\/(apps|fixtures|programs)\//,
]

/** Every source file is an entry or is imported, from an entry on. */
export function checkDeadFiles(tree: SourceTree): Problem[] {
  const alive = new Set<string>()
  const queue = [...tree.keys()].filter((path) => ENTRIES.some((entry) => entry.test(path)))
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (alive.has(path)) continue
    alive.add(path)
    queue.push(...(tree.get(path)?.files ?? []))
  }
  return [...tree.keys()]
    .filter((path) => !alive.has(path))
    .map((path) => ({ rule: 'dead-files', path, message: 'nothing imports it' }))
}
