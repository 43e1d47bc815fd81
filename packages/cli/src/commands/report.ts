import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { API_URL_DEFAULT, askAnalyzer } from '../api-client.ts'
import type { CommandMaker } from '../command-maker.ts'
import { EXIT_CODES, exitCodesHelp } from '../exit-codes.ts'
import { durationOption, urlOption } from '../options.ts'
import { writeReport } from '../report-file.ts'

interface Options {
  readonly format: string
  readonly out?: string
  readonly window: number
  readonly url: string
  readonly json?: true
}

/** `report`: the state of a running analyzer and its history, to a file or to stdout. */
export const reportCommand: CommandMaker = ({ out, err }, done) =>
  new Command('report')
    .description('Write a report of a running analyzer: the state now and its history.')
    .addOption(
      new Option('--format <format>', 'how it is written')
        .choices(['json', 'csv', 'html'])
        .default('json'),
    )
    .option('--json', 'the same as --format json')
    .option('--out <file>', 'the file to write to (default: standard output)')
    .option(
      '--window <duration>',
      'how far back it reaches (default: 15m)',
      durationOption,
      900_000,
    )
    .option('--url <url>', 'address of the analyzer', urlOption, API_URL_DEFAULT)
    .addHelpText('after', exitCodesHelp('ok', 'failed', 'usage'))
    .action(async (options: Options) => {
      const format = options.json ? 'json' : options.format
      const window = `${Math.ceil(options.window / 1000)}s`
      const text = await askAnalyzer(
        options.url,
        `/api/v1/report?format=${format}&window=${window}`,
      )
      if (options.out === undefined) out.write(text)
      else {
        const path = resolve(options.out)
        await writeReport(path, text)
        err.write(`report: ${path}\n`)
      }
      done(EXIT_CODES.ok.code)
    })
