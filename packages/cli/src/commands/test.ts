import { testRules } from '@chokepoint/analyzer'
import { Command } from 'commander'
import type { CommandMaker } from '../command-maker.ts'
import { EXIT_CODES, exitCodesHelp } from '../exit-codes.ts'
import { CommandFailure } from '../failure.ts'

/** `test FILE…`: rule tests in promtool's format. */
export const testCommand: CommandMaker = ({ out }, done) =>
  new Command('test')
    .description("Run unit tests of rule files, in the format of promtool's test rules.")
    .argument('<file...>', 'test files: rule_files, tests, input_series ...')
    .option('--json', 'print the results as JSON')
    .addHelpText('after', exitCodesHelp('ok', 'failed', 'usage'))
    .action((files: readonly string[], options: { readonly json?: true }) => {
      const results = files.map((file) => ({ file, ...test(file) }))
      if (options.json) out.write(`${JSON.stringify(results)}\n`)
      else out.write(results.map(({ text }) => `${text}\n`).join(''))
      const passed = results.every(({ failures }) => failures.length === 0)
      done(passed ? EXIT_CODES.ok.code : EXIT_CODES.failed.code)
    })

function test(file: string): ReturnType<typeof testRules> {
  try {
    return testRules(file)
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) {
      throw new CommandFailure(`cannot read ${file}: ${error.message}`, undefined, { cause: error })
    }
    throw error
  }
}
