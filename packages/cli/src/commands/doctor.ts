import { Command } from 'commander'
import type { CommandMaker } from '../command-maker.ts'
import { AREAS } from '../doctor/areas.ts'
import {
  type Examination,
  type ExaminedLibrary,
  type ExaminedProcess,
  examine,
} from '../doctor/examine.ts'
import { EXIT_CODES, exitCodesHelp } from '../exit-codes.ts'
import { durationOption } from '../options.ts'
import { startLocalAnalyzer } from '../run/local-analyzer.ts'
import { runToItsEnd } from '../run/run-to-its-end.ts'

interface Options {
  readonly duration: number
  readonly json?: true
}

/** `doctor -- COMMAND…`: a short run that tells what the preload sees of a command, and what to change. */
export const doctorCommand: CommandMaker = ({ out, err }, done) =>
  new Command('doctor')
    .description(
      'Run a command for a moment and tell what is watched, sent and dropped, and what to change.',
    )
    .argument('<command...>', 'the command and its arguments, after --')
    .passThroughOptions()
    .option(
      '--duration <duration>',
      'end the command after this long (default: 10s)',
      durationOption,
      10_000,
    )
    .option('--json', 'print the findings as JSON, on standard output after the command')
    .addHelpText('after', exitCodesHelp('ok', 'failed', 'usage', 'notExecutable', 'notFound'))
    .action(async (command: [string, ...string[]], options: Options) => {
      const analyzer = await startLocalAnalyzer({ anyPorts: true })
      try {
        const end = await runToItsEnd({ command, durationMs: options.duration, analyzer })
        if (!end.started) {
          err.write(`chokepoint: the command ${end.words}\n`)
          return done(end.exitCode)
        }
        await analyzer.settle()
        const found = examine(analyzer.view(), process.env)
        if (options.json) out.write(`${JSON.stringify({ command: end, ...found })}\n`)
        else err.write(`\nThe command ${end.words}.\n${examinationLines(found).join('\n')}\n`)
        done(found.advice.length === 0 ? EXIT_CODES.ok.code : EXIT_CODES.failed.code)
      } finally {
        await analyzer.close()
      }
    })

function examinationLines({ processes, advice }: Examination): string[] {
  return [
    ...processes.flatMap(processLines),
    '',
    ...(advice.length === 0
      ? ['Nothing needs to be changed.']
      : ['What to change:', ...advice.map((sentence) => `  - ${sentence}`)]),
  ]
}

function processLines(process: ExaminedProcess): string[] {
  const { service, command, runtime, series, watched, libraries, dropped, failedExports, cost } =
    process
  const absent = AREAS.map(({ name }) => name).filter((name) => !watched.includes(name))
  return [
    '',
    `${service}: ${command || 'a process'} on Node.js ${runtime || '?'}`,
    `  watched   ${watched.join(', ') || 'nothing'}`,
    `  not seen  ${absent.join(', ') || 'nothing is missing'}`,
    ...libraries.map(libraryLine),
    `  sent      ${series} series, ${failedExports} exports failed`,
    ...dropped.map(({ what, count }) => `  dropped   ${count} of ${what}`),
    costLine(cost),
  ]
}

function libraryLine({ name, version, observer, state }: ExaminedLibrary): string {
  const by = observer === 'chokepoint' ? '' : ` by ${observer}`
  return state === 'observed'
    ? `  library   ${name} ${version}, observed${by}`
    : `  library   ${name} ${version}, not observed: ${state}${by && ` (${observer})`}`
}

function costLine({ watchSeconds, appSeconds, bytes }: ExaminedProcess['cost']): string {
  const [watch, app] = [watchSeconds, appSeconds].map((seconds) => Math.round(seconds * 1000))
  const memory = `${Math.round(bytes / 2 ** 20)} MiB`
  return `  cost      ${watch} ms of processor and ${memory} beside the app, about ${app} ms in its threads`
}
