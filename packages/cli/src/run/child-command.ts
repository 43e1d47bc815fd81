import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { EXIT_CODES } from '../exit-codes.ts'
import type { Environment } from '../options.ts'

/** How a command ended. */
export interface CommandEnd {
  /** As a shell gives it: 128 plus the signal's number, 127 not found, 126 not executable. */
  readonly exitCode: number
  /** One phrase for people, such as `ended with 0` or `was ended by SIGKILL`. */
  readonly words: string
  /** False when it could not even be started. */
  readonly started: boolean
}

const STOP_MS_MAX = 10_000

/** A command that runs as a child and shares our standard streams. */
export class ChildCommand {
  readonly ended: Promise<CommandEnd>
  readonly #child: ChildProcess
  #signals = 0
  #patience: NodeJS.Timeout | undefined
  /** The time given to the command was over, so we ended it: that is no failure of it. */
  #timeIsUp = false

  constructor(command: readonly [string, ...string[]], environment: Environment) {
    const [file, ...args] = command
    this.#child = spawn(file, args, { stdio: 'inherit', env: environment as NodeJS.ProcessEnv })
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error: NodeJS.ErrnoException) =>
        resolve(spawnFailure(file, error)),
      )
      this.#child.once('exit', (code, signal) => {
        clearTimeout(this.#patience)
        resolve(this.#end(code, signal))
      })
    })
  }

  /**
   * Hands a signal on, once. A second one means that the user will not wait: it ends the command.
   * `alreadyThere` tells that the terminal has sent the signal to the command too, as it does on Ctrl-C.
   */
  handOn(signal: NodeJS.Signals, alreadyThere: boolean): void {
    this.#signals++
    if (this.#signals > 1) this.#child.kill('SIGKILL')
    else if (!alreadyThere) this.#child.kill(signal)
  }

  /** Ends the command because its time is up: by SIGTERM, and by SIGKILL when it does not go. */
  stop(): void {
    this.#timeIsUp = true
    this.#child.kill('SIGTERM')
    this.#patience = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS_MAX)
  }

  #end(code: number | null, signal: NodeJS.Signals | null): CommandEnd {
    if (signal === null) {
      return { exitCode: code ?? 0, words: `ended with ${code ?? 0}`, started: true }
    }
    if (this.#timeIsUp && signal === 'SIGTERM') {
      return { exitCode: 0, words: 'was ended because its time was up', started: true }
    }
    return {
      exitCode: EXIT_CODES.signalBase.code + constants.signals[signal],
      words: `was ended by ${signal}`,
      started: true,
    }
  }
}

function spawnFailure(file: string, error: NodeJS.ErrnoException): CommandEnd {
  if (error.code === 'ENOENT') {
    const { code } = EXIT_CODES.notFound
    return { exitCode: code, words: `cannot be run: ${file}: command not found`, started: false }
  }
  const why = error.code === 'EACCES' ? 'permission denied' : error.message
  const { code } = EXIT_CODES.notExecutable
  return { exitCode: code, words: `cannot be run: ${file}: ${why}`, started: false }
}
