import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { spawnTied } from '../../../../tools/testing/tied-process.ts'

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

/** Names of variables that a test's own environment must not hand to the tool under test. */
const FOREIGN = /^(OTEL_|CHOKEPOINT_|SHOP_|NODE_OPTIONS$|DATABASE_URL$|FORCE_COLOR$)/

export interface CliOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

/** The built command line as users start it: a child process with pipes. */
export class CliProcess {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  readonly #closed: Promise<unknown>

  constructor(args: readonly string[], options: CliOptions = {}) {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is not there: npm run build makes it`)
    const inherited = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name))
    this.child = spawnTied(process.execPath, [MAIN, ...args], {
      cwd: options.cwd,
      env: { ...Object.fromEntries(inherited), NO_COLOR: '1', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.#closed = once(this.child, 'close')
  }

  get output(): string {
    return `stdout:\n${this.stdout}\nstderr:\n${this.stderr}`
  }

  /** The first match of a pattern in what was written to stderr, waited for. */
  async told(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stderr)
      if (match !== null) return match
      await Promise.race([
        once(this.child.stderr!, 'data'),
        this.#closed.then(() => {
          if (!pattern.test(this.stderr))
            throw new Error(`it ended without ${pattern}: ${this.output}`)
        }),
      ])
    }
  }

  /** The exit code, waited for; the signal's name when one ended it. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    await this.#closed
    return this.child.exitCode ?? this.child.signalCode
  }

  /** Ends it when a test left it running. */
  async end(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM')
    await this.#closed
  }
}

/** Runs the command line to its end. */
export async function runCliProcess(
  args: readonly string[],
  options: CliOptions = {},
): Promise<{ readonly exitCode: unknown; readonly stdout: string; readonly stderr: string }> {
  const cli = new CliProcess(args, options)
  const exitCode = await cli.ended()
  return { exitCode, stdout: cli.stdout, stderr: cli.stderr }
}
