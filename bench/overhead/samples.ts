import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** What one agent came to at one route, in a process that served nothing else under load. */
export interface RouteSample {
  /** Processor microseconds a request of the whole process. */
  readonly cpuMicros: number
  /** Requests a second that the service could take. */
  readonly perSecond: number
  /** The slowest one in a hundred at the fixed rate; undefined where it was not measured. */
  readonly p99Ms: number | undefined
  readonly startupMs: number
  /** After some requests of each kind and some seconds of rest. */
  readonly rssIdleMb: number
  /** After the load: V8 has grown the young generation by then, with each agent at another moment. */
  readonly rssMb: number
  /** The part of `rssMb` that is the app thread's young generation. */
  readonly youngMb: number
  readonly heapMb: number
  readonly exitMs: number
}

/** What one agent came to in one round: of memory after the load that of its largest process, of the rest the middle one. */
export interface Sample extends Omit<RouteSample, 'cpuMicros' | 'perSecond' | 'p99Ms'> {
  readonly agent: string
  /** By route. */
  readonly cpuMicros: Readonly<Record<string, number>>
  /** By route. */
  readonly perSecond: Readonly<Record<string, number>>
  /** By route. */
  readonly p99Ms: Readonly<Record<string, number | undefined>>
  /** The exit with nobody where the telemetry goes to. */
  readonly exitAloneMs: number
}

/** All rounds so far. */
export interface Samples {
  /** By route, half of what the service without an agent could take in the first round. */
  readonly ratesPerSecond: Record<string, number>
  /** What `/db` asked, and by how many connections. */
  database?: string
  readonly rows: Sample[]
}

/** The samples in a file, or none yet. */
export function readSamples(file: string | undefined): Samples {
  if (file === undefined || !existsSync(file)) return { ratesPerSecond: {}, rows: [] }
  return JSON.parse(readFileSync(file, 'utf8')) as Samples
}

/** Keeps the samples in a file, so that a later run adds its rounds to them. */
export function writeSamples(file: string | undefined, samples: Samples): void {
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(samples)}\n`)
}
