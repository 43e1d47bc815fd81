import type { Command } from 'commander'
import type { Output } from './terminal/output.ts'

/** Makes one subcommand; `done` takes the exit code that it ends with. */
export type CommandMaker = (output: Output, done: (exitCode: number) => void) => Command
