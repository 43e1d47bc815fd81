import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { readImports } from './read-imports.ts'

/** One source file: its path from the root, its text, and what it imports. */
export interface Module {
  readonly path: string
  readonly lines: number
  /** Paths of files in the repository that it names, resolved. */
  readonly files: readonly string[]
  /** Names of packages that it imports, without subpath. */
  readonly packages: readonly string[]
}

/** All source files that git tracks or would track, by path. */
export type SourceTree = ReadonlyMap<string, Module>

const SOURCE = /\.(ts|mjs|cjs|js)$/
const EXTENSIONS = ['', '.ts', '.js', '.mjs', '.cjs']

/** Reads the checkout at `root`. */
export function readSourceTree(root: string): SourceTree {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  const paths = listed
    .split('\n')
    .filter((path) => SOURCE.test(path) && existsSync(join(root, path)))
  return sourceTreeOf(new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')])))
}

/** Makes the tree of the files given by path and text. */
export function sourceTreeOf(texts: ReadonlyMap<string, string>): SourceTree {
  const tree = new Map<string, Module>()
  for (const [path, text] of texts) {
    const imports = readImports(text)
    const relative = imports.filter((name) => name.startsWith('.'))
    tree.set(path, {
      path,
      lines: text.split('\n').length - 1,
      files: relative.map((name) => resolveFile(texts, path, name)),
      packages: imports
        .filter((name) => !name.startsWith('.') && !name.startsWith('node:'))
        .map(packageOf),
    })
  }
  return tree
}

/** The file that a relative import names; the path itself when there is no such file. */
function resolveFile(texts: ReadonlyMap<string, string>, from: string, name: string): string {
  const wanted = normalize(join(dirname(from), name))
  for (const extension of EXTENSIONS) {
    if (texts.has(wanted + extension)) return wanted + extension
  }
  return wanted
}

/** `@scope/name/sub` is of package `@scope/name`, `name/sub` of `name`. */
function packageOf(name: string): string {
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/')
}
