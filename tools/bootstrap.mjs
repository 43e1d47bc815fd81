// What `npm start` and `npm test` run on a fresh machine: it has some Node and npm, and nothing else.
// Brings pnpm by npx and Node 24 as the npm package `node`, installs once, then runs the named root
// script with that Node first on the PATH. Plain JavaScript without dependencies: any Node >= 18 runs it.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PNPM = 'pnpm@12.21.0'
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const nodeBin = join(root, 'node_modules', 'node', 'bin')
const stamp = join(root, 'node_modules', '.bootstrapped')

/**
 * Runs pnpm through npx, which asks the registry only for what is not here; ends this process with pnpm's exit code
 * when it fails.
 */
function pnpm(args, env = process.env) {
  const result = spawnSync('npx', ['--yes', '--prefer-offline', PNPM, ...args], {
    cwd: root,
    env,
    stdio: 'inherit',
  })
  if (result.error) {
    console.error(`cannot run npx ${PNPM} ${args.join(' ')}: ${result.error.message}`)
    process.exit(1)
  }
  if (result.signal) process.exit(128 + constants.signals[result.signal])
  if (result.status !== 0) process.exit(result.status ?? 1)
}

/** True when the last install here was made from the lockfile as it is now. */
function isInstalled() {
  if (!existsSync(stamp) || !existsSync(nodeBin)) return false
  const lockfile = statSync(join(root, 'pnpm-lock.yaml'))
  return readFileSync(stamp, 'utf8') === `${lockfile.size} ${lockfile.mtimeMs}`
}

const script = process.argv[2]
if (script === undefined) {
  console.error('usage: node tools/bootstrap.mjs SCRIPT [ARG...]: a script of package.json')
  process.exit(2)
}
if (!isInstalled()) {
  pnpm(['install', '--frozen-lockfile'])
  const lockfile = statSync(join(root, 'pnpm-lock.yaml'))
  writeFileSync(stamp, `${lockfile.size} ${lockfile.mtimeMs}`)
}
const env = { ...process.env, PATH: nodeBin + delimiter + process.env.PATH }
pnpm(['run', script, ...process.argv.slice(3)], env)
