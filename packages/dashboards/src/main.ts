// Writes grafana/dashboards/*.json; with --check only says whether they are what would be written.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildDashboard, DASHBOARDS } from './index.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const folder = join(root, 'grafana', 'dashboards')
const files = DASHBOARDS.map((spec) => ({
  path: join(folder, `${spec.uid}.json`),
  text: `${JSON.stringify(buildDashboard(spec), null, 2)}\n`,
}))

if (process.argv.includes('--check')) {
  const stale = files.filter(({ path, text }) => readFileSync(path, 'utf8') !== text)
  for (const { path } of stale)
    console.error(`${path} is not what the sources say: generate it anew`)
  process.exitCode = stale.length > 0 ? 1 : 0
} else {
  mkdirSync(folder, { recursive: true })
  for (const { path, text } of files) writeFileSync(path, text)
  console.log(`wrote ${files.length} dashboards to ${folder}`)
}
