import { checkFile, printDefaults } from '@chokepoint/analyzer'
import { Command } from 'commander'
import type { CommandMaker } from '../command-maker.ts'
import { EXIT_CODES, exitCodesHelp } from '../exit-codes.ts'
import { CommandFailure } from '../failure.ts'

interface Options {
  readonly printDefaults?: true
  readonly json?: true
}

/** What was found out about one file. */
interface FileResult {
  readonly file: string
  readonly ok: boolean
  readonly kind?: string
  readonly rules?: number
  readonly problems: readonly string[]
}

/** `check FILE…`: configs and rule files, without starting anything. */
export const checkCommand: CommandMaker = ({ out }, done) =>
  new Command('check')
    .description('Check configuration and rule files; each problem is told with its place.')
    .argument('[file...]', 'chokepoint.yaml, or Prometheus rule files')
    .option('--print-defaults', 'print a configuration with every key, its default and its meaning')
    .option('--json', 'print the results as JSON')
    .addHelpText('after', exitCodesHelp('ok', 'failed', 'usage'))
    .action((files: readonly string[], options: Options) => {
      if (options.printDefaults) {
        out.write(printDefaults())
        return done(EXIT_CODES.ok.code)
      }
      if (files.length === 0) {
        throw new CommandFailure('check needs a file, or --print-defaults', EXIT_CODES.usage.code)
      }
      const results = files.map(check)
      out.write(options.json ? `${JSON.stringify(results)}\n` : results.map(lines).join(''))
      done(results.every(({ ok }) => ok) ? EXIT_CODES.ok.code : EXIT_CODES.failed.code)
    })

function check(file: string): FileResult {
  try {
    return { file, ok: true, problems: [], ...checkFile(file, process.env) }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { file, ok: false, problems: error.message.split('\n') }
  }
}

/** As promtool tells it. */
function lines({ file, ok, kind, rules, problems }: FileResult): string {
  const verdict = ok
    ? `  SUCCESS: ${kind === 'rules' ? '' : 'config with '}${rules} rules found\n`
    : `  FAILED:\n${problems.map((problem) => `    ${problem}\n`).join('')}`
  return `Checking ${file}\n${verdict}\n`
}
