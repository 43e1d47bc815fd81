// The databases that can be behind the service's `/db`.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const START_TIMEOUT_MS = 30_000
/** Where Debian and its relatives keep the programs of each version, outside of PATH. */
const DEBIAN_FOLDER = '/usr/lib/postgresql'

/**
 * Starts a database on a free port: `postgresql`, `pglite`, or, without a name, whichever is there. Gives its name and
 * version, its port, how many connections it is to be asked by, and its stop.
 */
export async function startDatabase(wanted, port) {
  if (!['', 'postgresql', 'pglite'].includes(wanted)) {
    throw new Error(`no database ${wanted}: there are postgresql and pglite`)
  }
  const programs = wanted === 'pglite' ? undefined : findPostgres()
  if (programs !== undefined) return startPostgres(programs, port)
  if (wanted !== 'postgresql') return startPglite(port)
  throw new Error(`no initdb and postgres in PATH or in ${DEBIAN_FOLDER}/*/bin`)
}

/** The folder with PostgreSQL's own programs, of the newest version that there is. */
function findPostgres() {
  const versions = existsSync(DEBIAN_FOLDER) ? readdirSync(DEBIAN_FOLDER) : []
  versions.sort((one, other) => Number(other) - Number(one))
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(DEBIAN_FOLDER, version, 'bin')),
  ]
  return folders.find((folder) =>
    ['initdb', 'postgres'].every((program) => existsSync(join(folder, program))),
  )
}

/** A cluster that lives as long as the bench; nothing in it is worth a sync. As many connections as pg's pool takes by default. */
async function startPostgres(programs, port) {
  const identity = unprivileged()
  const folder = mkdtempSync(join(tmpdir(), 'chokepoint-postgres-'))
  if (identity.uid !== undefined) chownSync(folder, identity.uid, identity.gid)
  const data = join(folder, 'data')
  const cluster = ['-D', data, '-U', 'postgres', '--auth=trust', '--locale=C', '--no-sync']
  execFileSync(join(programs, 'initdb'), cluster, { ...identity, cwd: folder, stdio: 'pipe' })
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, 'fsync=off']
  const child = spawn(
    join(programs, 'postgres'),
    ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    { ...identity, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const exited = once(child, 'exit')
  async function stop() {
    // Without waiting for clients: "immediate shutdown".
    child.kill('SIGQUIT')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await listening(child)
  } catch (error) {
    await stop()
    throw error
  }
  const version = execFileSync(join(programs, 'postgres'), ['--version'], { encoding: 'utf8' })
  return { name: `PostgreSQL ${/[\d.]+/.exec(version)?.[0]}`, port, connections: 10, stop }
}

/** PostgreSQL refuses to run as root; its package brings a user. */
function unprivileged() {
  if (process.getuid?.() !== 0) return {}
  const idOf = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: idOf('-u'), gid: idOf('-g') }
}

/** Resolves when the server says that it is ready; rejects with what it said when it ends or takes too long. */
function listening(child) {
  const { promise, resolve, reject } = Promise.withResolvers()
  let said = ''
  const fail = (why) => reject(new Error(`PostgreSQL ${why}:\n${said}`))
  const timer = setTimeout(
    () => fail(`was not ready within ${START_TIMEOUT_MS} ms`),
    START_TIMEOUT_MS,
  )
  child.once('exit', (code) => fail(`ended with ${code}`))
  child.stderr.on('data', (chunk) => {
    if (said.length < 10_000) said += chunk
    if (said.includes('ready to accept connections')) resolve()
  })
  return promise.finally(() => clearTimeout(timer))
}

/** PostgreSQL as a module of this process, which takes one connection at a time. */
async function startPglite(port) {
  const { PGlite } = await import('@electric-sql/pglite')
  const { PGLiteSocketServer } = await import('@electric-sql/pglite-socket')
  const server = new PGLiteSocketServer({ db: await PGlite.create(), port, host: '127.0.0.1' })
  await server.start()
  // It ends with this process; its own stop waits for its clients.
  return { name: 'PGlite', port, connections: 1, stop() {} }
}
