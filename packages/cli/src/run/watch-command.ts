import { type Diagnosis, readDiagnosis } from '../diagnosis/diagnosis.ts'
import { diagnosisLines } from '../diagnosis/write-diagnosis.ts'
import { type ReportFile, writeReport } from '../report-file.ts'
import { paint } from '../terminal/output.ts'
import { startLocalAnalyzer } from './local-analyzer.ts'
import { Progress } from './progress.ts'
import { runToItsEnd } from './run-to-its-end.ts'

/** What `run` does, as the command line has said it. */
export interface WatchOptions {
  readonly command: readonly [string, ...string[]]
  /** Takes our own lines; the command has the standard streams. */
  readonly stream: NodeJS.WriteStream
  readonly apiPort?: number
  readonly configFile?: string
  readonly durationMs?: number
  readonly report?: ReportFile
}

/** How the command ended, and what was found. */
export interface Watched {
  readonly exitCode: number
  readonly diagnosis: Diagnosis
}

const WINDOW_MS_MIN = 60_000

/** Runs a command under an analyzer of its own and says at the end what was found. */
export async function watchCommand(options: WatchOptions): Promise<Watched> {
  const { stream } = options
  const say = (line: string) => stream.write(`${line}\n`)
  const analyzer = await startLocalAnalyzer(options)
  try {
    say(`${paint(stream, 'dim', 'chokepoint:')} live page ${analyzer.url}`)
    const startMs = performance.now()
    const progress = new Progress(analyzer.view(), stream)
    const end = await runToItsEnd({ ...options, analyzer }).finally(() => progress.stop())
    const seconds = Math.round((performance.now() - startMs) / 1000)
    say(`\n${paint(stream, 'dim', 'chokepoint:')} the command ${end.words}, after ${seconds} s`)
    await analyzer.settle()
    const diagnosis = readDiagnosis(analyzer.view())
    if (end.started) say(`\n${diagnosisLines(diagnosis, stream).join('\n')}\n`)
    if (options.report !== undefined && end.started) {
      const { path, format } = options.report
      const windowMs = Math.max(WINDOW_MS_MIN, performance.now() - startMs)
      await writeReport(path, analyzer.report(format, windowMs))
      say(`${paint(stream, 'dim', 'Report:')} ${path}`)
    }
    return { exitCode: end.exitCode, diagnosis }
  } finally {
    await analyzer.close()
  }
}
