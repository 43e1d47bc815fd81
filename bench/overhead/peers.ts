import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../tools/testing/free-port.ts'
import { PEER_PACKAGES } from './agents.ts'
import type { Ports } from './service.ts'

const root = join(import.meta.dirname, '..', '..')

/** What runs beside the installed packages. */
const PROGRAMS = ['service.cjs', 'surroundings.mjs', 'sink.mjs', 'databases.mjs']

/** Our own preload as it is published. */
export const BUILT_PRELOAD = join(root, 'packages', 'instrumentation', 'dist', 'register.js')

/** Installs the service's packages and the peers once, apart from our own dependencies. Gives the folder. */
export function installPeers(): string {
  const target = join(root, '.cache', 'overhead')
  mkdirSync(target, { recursive: true })
  const manifest = join(target, 'package.json')
  const content = `${JSON.stringify({ private: true, dependencies: PEER_PACKAGES }, null, 2)}\n`
  for (const file of PROGRAMS) {
    copyFileSync(join(import.meta.dirname, 'programs', file), join(target, file))
  }
  if (existsSync(manifest) && readFileSync(manifest, 'utf8') === content) return target
  writeFileSync(manifest, content)
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: target,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return target
}

/** What the service talks to, running in a process of its own. */
export interface Surroundings {
  readonly ports: Ports
  stop(): void
}

/**
 * Starts upstream, database and telemetry sink on one core.
 *
 * @param database `postgresql` or `pglite`; without it PostgreSQL where it is installed. PGlite takes one connection at a
 *   time, so that most of what is measured is waiting and waking up.
 */
export async function startSurroundings(
  folder: string,
  core: number,
  database?: string,
): Promise<Surroundings> {
  const program = join(folder, 'surroundings.mjs')
  const child: ChildProcess = fork(program, [String(await freePort()), database ?? ''], {
    cwd: folder,
    execPath: 'taskset',
    execArgv: ['-c', String(core), process.execPath],
  })
  const [ports] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [
    Ports | number | null,
  ]
  if (ports === null || typeof ports === 'number') {
    throw new Error(`upstream, database and sink ended with ${ports} before they were ready`)
  }
  return { ports, stop: () => child.disconnect() }
}
