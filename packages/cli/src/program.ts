import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import type { CommandMaker } from './command-maker.ts'
import { checkCommand } from './commands/check.ts'
import { doctorCommand } from './commands/doctor.ts'
import { profileCommand } from './commands/profile.ts'
import { queryCommand } from './commands/query.ts'
import { replayCommand } from './commands/replay.ts'
import { reportCommand } from './commands/report.ts'
import { runCommand } from './commands/run.ts'
import { serveCommand } from './commands/serve.ts'
import { testCommand } from './commands/test.ts'
import { EXIT_CODES } from './exit-codes.ts'
import { explainFailure } from './failure.ts'
import type { Output } from './terminal/output.ts'

const COMMANDS: readonly CommandMaker[] = [
  runCommand,
  serveCommand,
  checkCommand,
  testCommand,
  queryCommand,
  reportCommand,
  replayCommand,
  profileCommand,
  doctorCommand,
]

/** Runs the command line and gives the exit code. Never throws: a failure is told on `err`. */
export async function runCli(args: readonly string[], output: Output): Promise<number> {
  let exitCode: number = EXIT_CODES.ok.code
  const program = new Command('chokepoint')
    .description('Finds what holds a service back and says what to do about it.')
    .version(ownVersion())
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.out.write(text),
      writeErr: (text) => output.err.write(text),
    })
  for (const make of COMMANDS) {
    const command = make(output, (code) => {
      exitCode = code
    })
    program.addCommand(command.copyInheritedSettings(program))
  }
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has told what was wrong; its code for help and version is 0.
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? EXIT_CODES.ok.code : EXIT_CODES.usage.code
    }
    const failure = explainFailure(error)
    output.err.write(`chokepoint: ${failure.message}\n`)
    return failure.exitCode
  }
}

function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}
