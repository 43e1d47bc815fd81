import { basename } from 'node:path'
import type { Severity } from '@chokepoint/analyzer'
import { Command } from 'commander'
import type { CommandMaker } from '../command-maker.ts'
import { readDiagnosis } from '../diagnosis/diagnosis.ts'
import { diagnosisLines } from '../diagnosis/write-diagnosis.ts'
import { EXIT_CODES, exitCodesHelp } from '../exit-codes.ts'
import { exitCodeFor, failOnOption } from '../fail-on.ts'
import { durationOption } from '../options.ts'
import { sendRequests } from '../replay/send-requests.ts'
import { type ReportFile, reportFileOption, writeReport } from '../report-file.ts'
import { startLocalAnalyzer } from '../run/local-analyzer.ts'
import { StatusBar } from '../terminal/status-bar.ts'

interface Options {
  readonly config?: string
  readonly report?: ReportFile
  readonly window: number
  readonly failOn?: Severity
  readonly json?: true
}

/** `replay FILE…`: a recording analysed as if it arrived now, by the time in its data. */
export const replayCommand: CommandMaker = ({ out, err }, done) =>
  new Command('replay')
    .description(
      "Analyse recorded OTLP metrics: JSON lines as the Collector's file exporter writes them.",
    )
    .argument('<file...>', 'recordings in order of time, .gz or not')
    .option('--config <file>', 'configuration: thresholds, rules, limits')
    .option('--report <file>', 'write a report: .html, .json or .csv', reportFileOption)
    .option(
      '--window <duration>',
      'how far back the report reaches (default: 1h)',
      durationOption,
      3_600_000,
    )
    .addOption(failOnOption())
    .option('--json', 'print the diagnosis as JSON')
    .addHelpText('after', exitCodesHelp('ok', 'failed', 'usage', 'findings'))
    .action(async (files: readonly string[], options: Options) => {
      const analyzer = await startLocalAnalyzer({
        clock: 'data',
        anyPorts: true,
        ...(options.config === undefined ? {} : { configFile: options.config }),
      })
      const bar = err.isTTY ? new StatusBar(err) : undefined
      try {
        const endpoint = `http://127.0.0.1:${analyzer.ports.otlpHttp}/v1/metrics`
        const summary = await sendRequests(files, endpoint, (file, share) =>
          bar?.show(` replaying ${basename(file)} ${Math.round(share * 100)} %`),
        )
        await analyzer.settle()
        bar?.clear()
        const diagnosis = readDiagnosis(analyzer.view())
        if (options.json) out.write(`${JSON.stringify({ ...summary, ...diagnosis })}\n`)
        else {
          const { requests, skipped, rejectedPoints, rejectedBecause } = summary
          out.write(
            `${requests} requests replayed, ${skipped} lines of other signals passed over\n`,
          )
          if (rejectedPoints > 0)
            out.write(`${rejectedPoints} points rejected: ${rejectedBecause}\n`)
          out.write(`${diagnosisLines(diagnosis, out).join('\n')}\n`)
        }
        if (options.report !== undefined) {
          await writeReport(
            options.report.path,
            analyzer.report(options.report.format, options.window),
          )
          err.write(`Report: ${options.report.path}\n`)
        }
        done(exitCodeFor(diagnosis, options.failOn, EXIT_CODES.ok.code))
      } finally {
        bar?.clear()
        await analyzer.close()
      }
    })
