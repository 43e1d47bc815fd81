import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Socket } from 'node:net'
import { constants } from 'node:os'

const living = new Set<ChildProcess>()
/** Those that lead a group of their own: scripts that start a server. */
const groups = new WeakSet<ChildProcess>()

/** Of util-linux: has the kernel end a program when the one that started it is gone, however it went. */
const SETPRIV = '/usr/bin/setpriv'
const TIE = existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL', '--'] : []

process.on('exit', () => {
  for (const child of living) killTied(child)
})
// A test run that is told to end leaves nothing behind; Ctrl-C is mocha's own.
for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]))
}

/**
 * Starts a process that does not outlive this one, and does not keep it alive: a test that fails or hangs half way leaves
 * no orphan, and ends.
 */
export function spawnTied(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  const [program = command, ...rest] = [...TIE, command, ...args]
  const child = spawn(program, rest, options)
  living.add(child)
  if (options.detached === true) groups.add(child)
  child.once('exit', () => living.delete(child))
  child.unref()
  child.channel?.unref()
  for (const stream of child.stdio) (stream as Socket | null)?.unref?.()
  return child
}

/** Ends a tied process at once; of one that was started `detached` its whole group. */
export function killTied(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  if (groups.has(child)) process.kill(-child.pid, 'SIGKILL')
  else child.kill('SIGKILL')
}
