// Style as a test: fails on a wrong import, a circle, a dead file, a test file that no run picks up;
// lists long files. An exemption that is no longer needed is a failure too, so the list can only shrink.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXEMPTIONS } from './exemptions.ts'
import { checkCycles } from './rules/cycles.ts'
import { checkDeadFiles } from './rules/dead-files.ts'
import { checkImportDirection } from './rules/import-direction.ts'
import { listLongFiles } from './rules/long-files.ts'
import { checkTestPickup } from './rules/test-pickup.ts'
import { readSourceTree } from './source-tree.ts'

const root = join(import.meta.dirname, '..', '..')
const tree = readSourceTree(root)
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}
/** The quoted patterns of every script that runs tests. */
const spec = Object.values(scripts)
  .filter((script) => script.includes('mocha '))
  .flatMap((script) => [...script.matchAll(/'([^']+)'/g)].map((match) => match[1] ?? ''))

const found = [
  ...checkImportDirection(tree),
  ...checkCycles(tree),
  ...checkDeadFiles(tree),
  ...checkTestPickup(tree, spec),
]
const failures = found.filter(
  (p) => !EXEMPTIONS.some((e) => e.rule === p.rule && e.path === p.path),
)
const needless = EXEMPTIONS.filter(
  (e) => !found.some((p) => e.rule === p.rule && e.path === p.path),
)

for (const { rule, path, message } of listLongFiles(tree))
  console.log(`note  ${rule}  ${path}: ${message}`)
for (const { rule, path, message } of failures) console.error(`FAIL  ${rule}  ${path}: ${message}`)
for (const { rule, path } of needless)
  console.error(`FAIL  exemptions  ${path}: is not needed for ${rule}; remove it`)
console.log(`tidy: ${tree.size} files, ${failures.length + needless.length} failures`)
process.exitCode = failures.length + needless.length > 0 ? 1 : 0
