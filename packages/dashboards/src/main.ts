// Writes grafana/dashboards/*.json, prometheus/rules/*.yml and the analyzer's table of panels; with --check only says whether they are what would be written.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  buildDashboard,
  buildFindingPanels,
  buildRuleFile,
  DASHBOARDS,
  RULE_PACKS,
} from './index.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const files = [
  ...DASHBOARDS.map((spec) => ({
    path: join(root, 'grafana', 'dashboards', `${spec.uid}.json`),
    text: `${JSON.stringify(buildDashboard(spec), null, 2)}\n`,
  })),
  ...RULE_PACKS.map((pack) => ({
    path: join(root, 'prometheus', 'rules', `${pack.name}.yml`),
    text: buildRuleFile(pack),
  })),
  {
    path: join(root, 'packages', 'analyzer', 'src', 'findings', 'panel-table.ts'),
    text: buildFindingPanels(),
  },
]

if (process.argv.includes('--check')) {
  const stale = files.filter(({ path, text }) => readFileSync(path, 'utf8') !== text)
  for (const { path } of stale)
    console.error(`${path} is not what the sources say: generate it anew`)
  process.exitCode = stale.length > 0 ? 1 : 0
} else {
  for (const { path, text } of files) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  console.log(`wrote ${files.length} files`)
}
