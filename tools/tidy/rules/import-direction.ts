import type { Problem } from '../problem.ts'
import type { Module, SourceTree } from '../source-tree.ts'

/** Which packages of ours a package may import. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  promql: [],
  instrumentation: [],
  analyzer: ['@chokepoint/promql'],
  dashboards: ['@chokepoint/instrumentation'],
  cli: ['@chokepoint/analyzer', '@chokepoint/instrumentation', '@chokepoint/promql'],
}

/** The embedded analyzer is an optional peer of the facade: loaded only when it is asked for. */
const OPTIONAL_PEERS: Readonly<Record<string, string>> = {
  'packages/instrumentation/src/performance-monitor/': '@chokepoint/analyzer',
}

/** Folders of the instrumentation, and which of the others each may import. */
const INSTRUMENTATION: Readonly<Record<string, readonly string[]>> = {
  shared: ['settings'],
  settings: [],
  app: ['shared', 'settings'],
  watch: ['shared', 'settings'],
  'performance-monitor': ['app', 'settings'],
}

/** Imports run one way: between packages, between stages of the analyzer, between threads. */
export function checkImportDirection(tree: SourceTree): Problem[] {
  return [...tree.values()]
    .flatMap((module) => [
      ...checkPackages(module),
      ...checkInstrumentation(module),
      ...checkExistence(module, tree),
    ])
    .concat(checkStages(tree))
}

function checkPackages(module: Module): Problem[] {
  const [, owner] = /^packages\/([^/]+)\/src\//.exec(module.path) ?? []
  const allowed = owner === undefined ? undefined : PACKAGES[owner]
  if (allowed === undefined) return []
  const peer = Object.entries(OPTIONAL_PEERS).find(([folder]) =>
    module.path.startsWith(folder),
  )?.[1]
  return module.packages
    .filter((name) => name === 'chokepoint' || name.startsWith('@chokepoint/'))
    .filter((name) => !allowed.includes(name) && name !== peer)
    .map((name) => problem(module, `packages/${owner} may not import ${name}`))
}

function checkInstrumentation(module: Module): Problem[] {
  const from = folderIn('packages/instrumentation/src/', module.path)
  const allowed = from === undefined ? undefined : INSTRUMENTATION[from]
  if (allowed === undefined) return []
  return module.files
    .map((file) => folderIn('packages/instrumentation/src/', file))
    .filter((to) => to !== undefined && to !== from && !allowed.includes(to))
    .map((to) => problem(module, `src/${from} may not import src/${to}`))
}

/** A stage of the analyzer knows `model` and at most one other stage, all its files together. */
function checkStages(tree: SourceTree): Problem[] {
  const known = new Map<string, Map<string, Module>>()
  for (const module of tree.values()) {
    const from = folderIn(ANALYZER, module.path)
    if (from === undefined) continue
    const others = known.get(from) ?? new Map<string, Module>()
    known.set(from, others)
    for (const file of module.files) {
      const to = folderIn(ANALYZER, file)
      if (to !== undefined && to !== from && to !== 'model') others.set(to, module)
    }
  }
  const problems: Problem[] = []
  for (const [stage, others] of known) {
    const allowed = stage === 'model' ? 0 : 1
    if (others.size <= allowed) continue
    for (const [other, module] of others) {
      const names = [...others.keys()].join(', ')
      problems.push(
        problem(
          module,
          `stage ${stage} imports ${other}; it knows ${names}, and may know model and ${allowed} other`,
        ),
      )
    }
  }
  return problems
}

const ANALYZER = 'packages/analyzer/src/'

/** The folder right under `base` that a path is in; undefined when it is in none. */
function folderIn(base: string, path: string): string | undefined {
  if (!path.startsWith(base)) return undefined
  const rest = path.slice(base.length)
  return rest.includes('/') ? rest.slice(0, rest.indexOf('/')) : undefined
}

/** An import of a source file that is not there; built files and data are not in the tree. */
function checkExistence(module: Module, tree: SourceTree): Problem[] {
  return module.files
    .filter((file) => /\.(ts|mjs|cjs)$/.test(file) && !tree.has(file) && !file.includes('/dist/'))
    .map((file) => problem(module, `imports ${file}, which is not there`))
}

function problem(module: Module, message: string): Problem {
  return { rule: 'import-direction', path: module.path, message }
}
