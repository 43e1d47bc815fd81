import type { Severity } from '@chokepoint/analyzer'
import { Command } from 'commander'
import type { CommandMaker } from '../command-maker.ts'
import { exitCodesHelp } from '../exit-codes.ts'
import { exitCodeFor, failOnOption } from '../fail-on.ts'
import { durationOption, portOption } from '../options.ts'
import { type ReportFile, reportFileOption } from '../report-file.ts'
import { watchCommand } from '../run/watch-command.ts'

interface Options {
  readonly port?: number
  readonly config?: string
  readonly report?: ReportFile
  readonly failOn?: Severity
  readonly duration?: number
}

/** `run -- COMMAND…`: a command with the preload, watched by an analyzer in this process. */
export const runCommand: CommandMaker = ({ err }, done) =>
  new Command('run')
    .description('Run a command instrumented, watch it, and say at its end what held it back.')
    .argument('<command...>', 'the command and its arguments, after --')
    .passThroughOptions()
    .option(
      '--port <port>',
      'port of the live page and the API (default: 9490, or any free one)',
      portOption,
    )
    .option('--config <file>', 'configuration: thresholds, rules, webhooks')
    .option('--report <file>', 'write a report at the end: .html, .json or .csv', reportFileOption)
    .addOption(failOnOption())
    .option('--duration <duration>', 'end the command after this long, by SIGTERM', durationOption)
    .addHelpText(
      'after',
      exitCodesHelp(
        'ok',
        'failed',
        'usage',
        'findings',
        'notExecutable',
        'notFound',
        'signalBase',
      ) +
        '\nThe command keeps its standard input, output and error; our own lines go to standard error.' +
        '\nCtrl-C ends the command and shows the diagnosis; pressed again it kills the command.\n',
    )
    .action(async (command: [string, ...string[]], options: Options) => {
      const { report, failOn } = options
      const watched = await watchCommand({
        command,
        stream: err,
        ...(options.port === undefined ? {} : { apiPort: options.port }),
        ...(options.config === undefined ? {} : { configFile: options.config }),
        ...(options.duration === undefined ? {} : { durationMs: options.duration }),
        ...(report === undefined ? {} : { report }),
      })
      done(exitCodeFor(watched.diagnosis, failOn, watched.exitCode))
    })
