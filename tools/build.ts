// Builds every package's dist/ from its src/, in the order in which they need each other.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bundleInstrumentation } from './bundle-instrumentation.ts'

const ORDER = ['promql', 'analyzer', 'instrumentation', 'dashboards', 'cli']
/** Folders of files that are not TypeScript but belong to a package: copied as they are. */
const ASSETS = ['advise/texts', 'web/page', 'report/page']

const root = join(import.meta.dirname, '..')
const tsc = join(root, 'node_modules', '.bin', 'tsc')

for (const name of ORDER) {
  const folder = join(root, 'packages', name)
  rmSync(join(folder, 'dist'), { recursive: true, force: true })
  const built = spawnSync(tsc, ['-p', join(folder, 'tsconfig.build.json')], { stdio: 'inherit' })
  if (built.status !== 0) {
    console.error(`cannot build packages/${name}: tsc ended with ${built.status ?? built.signal}`)
    process.exit(1)
  }
  if (name === 'instrumentation') bundleInstrumentation(folder)
  for (const asset of ASSETS) {
    const from = join(folder, 'src', asset)
    if (existsSync(from)) cpSync(from, join(folder, 'dist', asset), { recursive: true })
  }
}
