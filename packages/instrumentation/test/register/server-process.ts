import { type ChildProcess, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killTied, spawnTied } from '../../../../tools/testing/tied-process.ts'

/** A real server that runs for a test. */
export interface RunningServer {
  readonly port: number
  stop(): Promise<void>
}

/** Where a program is, on the path or at a fixed place; undefined when this machine does not have it. */
export function programAt(...candidates: string[]): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin']
  return candidates
    .flatMap((name) => (name.includes('/') ? [name] : folders.map((folder) => join(folder, name))))
    .find((path) => existsSync(path))
}

/** A server's process with a folder of its own, which goes when it stops. */
export class ServerProcess {
  readonly folder = mkdtempSync(join(tmpdir(), 'chokepoint-server-'))
  readonly #children: ChildProcess[] = []
  #output = ''

  /** Runs a command to its end. */
  run(command: string, args: readonly string[], environment: Record<string, string> = {}): void {
    const env = { ...process.env, ...environment }
    execFileSync(command, args, { env, stdio: 'pipe' })
  }

  start(command: string, args: readonly string[], environment: Record<string, string> = {}): void {
    const child = spawnTied(command, args, {
      cwd: this.folder,
      // A group of its own, because some are scripts that start the server.
      detached: true,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk).slice(-100_000)
    }
    child.stdout!.on('data', keep)
    child.stderr!.on('data', keep)
    child.on('error', (error) => keep(Buffer.from(String(error))))
    this.#children.push(child)
  }

  /** Waits until the server has said something, or its port can be reached; 60 s at most. */
  async ready(port: number, said?: RegExp): Promise<RunningServer> {
    const endMs = performance.now() + 60_000
    while (!(said === undefined ? await canConnect(port) : said.test(this.#output))) {
      const died = this.#children.some(({ exitCode }) => exitCode !== null && exitCode !== 0)
      if (died || performance.now() > endMs) {
        await this.stop()
        throw new Error(`the server did not start:\n${this.#output.slice(-2000)}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    return { port, stop: () => this.stop() }
  }

  async stop(): Promise<void> {
    for (const child of this.#children.reverse()) {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) continue
      const closed = once(child, 'exit')
      killTied(child)
      await closed
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
