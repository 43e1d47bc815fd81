import type { AnalyzerView, Labels } from '@chokepoint/analyzer'
import type { Environment } from '../options.ts'
import { AREAS } from './areas.ts'
import { environmentAdvice } from './environment-advice.ts'

/** One process that reported, and what was seen of it. */
export interface ExaminedProcess {
  readonly service: string
  readonly instance: string
  readonly command: string
  readonly runtime: string
  readonly series: number
  readonly watched: readonly string[]
  readonly libraries: readonly ExaminedLibrary[]
  /** What its own limits made it drop: what, why and how many. */
  readonly dropped: readonly { readonly what: string; readonly count: number }[]
  readonly failedExports: number
  /** What being watched has cost so far. */
  readonly cost: {
    /** Processor time of the watch thread. */
    readonly watchSeconds: number
    /** Processor time taken from the app's threads, estimated. */
    readonly appSeconds: number
    /** Memory of the watch thread. */
    readonly bytes: number
  }
}

/** A library that a process has loaded, and what became of it. */
export interface ExaminedLibrary {
  readonly name: string
  readonly version: string
  /** Which instrumentation observes it, or would. */
  readonly observer: string
  /** `observed`, or why it is not. */
  readonly state: string
}

export interface Examination {
  readonly processes: readonly ExaminedProcess[]
  /** Each a sentence: what to change. */
  readonly advice: readonly string[]
}

/** Reads off an analyzer what the processes of a command sent to it, and says what to change. */
export function examine(view: AnalyzerView, environment: Environment): Examination {
  const now = view.now()
  const rows = (expression: string) => view.query(expression, now)
  const processes = rows('target_info').map(({ labels }) => {
    const mine = `job=${quoted(labels.job)},instance=${quoted(labels.instance)}`
    const sumOf = (expression: string) => rows(expression)[0]?.value ?? 0
    return {
      service: labels.service_name ?? labels.job ?? '',
      instance: labels.instance ?? '',
      command: labels.process_command ?? '',
      runtime: labels.process_runtime_version ?? '',
      series: sumOf(`count({${mine}})`),
      watched: AREAS.filter(({ metric }) => rows(`${metric}{${mine}}`).length > 0).map(
        ({ name }) => name,
      ),
      libraries: rows(`chokepoint_sdk_library{${mine}}`).map(library).sort(byName),
      dropped: rows(`chokepoint_sdk_dropped_total{${mine}} > 0`).map(dropped),
      failedExports: sumOf(
        `sum(chokepoint_sdk_export_duration_seconds_count{${mine},error_type!=""})`,
      ),
      cost: {
        watchSeconds: sumOf(`chokepoint_sdk_cpu_time_seconds_total{${mine}}`),
        appSeconds: sumOf(`chokepoint_sdk_app_time_seconds_total{${mine}}`),
        bytes: sumOf(`chokepoint_sdk_memory_usage_bytes{${mine}}`),
      },
    }
  })
  return {
    processes,
    advice: [
      ...environmentAdvice(environment),
      ...processes.flatMap(processAdvice),
      ...(processes.length === 0 ? SILENCE : []),
    ],
  }
}

function dropped({ labels, value }: { labels: Labels; value: number }) {
  return {
    what: `${labels.chokepoint_drop_kind}: ${labels.chokepoint_drop_reason}`,
    count: value,
  }
}

function library({ labels }: { labels: Labels }): ExaminedLibrary {
  return {
    name: labels.chokepoint_library_name ?? '',
    version: labels.chokepoint_library_version ?? '',
    observer: labels.chokepoint_library_observer ?? '',
    state: labels.chokepoint_library_state ?? '',
  }
}

function byName(one: ExaminedLibrary, other: ExaminedLibrary): number {
  return one.name < other.name || (one.name === other.name && one.observer < other.observer)
    ? -1
    : 1
}

const SILENCE = [
  'no process reported: the preload reaches Node.js 22.15 and newer, by NODE_OPTIONS; a start script that sets ' +
    'NODE_OPTIONS itself must keep what is there, and a program in another language needs its own OpenTelemetry SDK',
]

function processAdvice(process: ExaminedProcess): string[] {
  const name = `${process.service} (${process.command || process.instance})`
  const missing = AREAS.filter(
    ({ name: area, whenAbsent }) => whenAbsent !== undefined && !process.watched.includes(area),
  )
  return [
    ...missing.map(({ whenAbsent }) => `${name}: ${whenAbsent}`),
    ...(process.service.startsWith('unknown_service')
      ? [`${name}: it has no name; set OTEL_SERVICE_NAME or a name in its package.json`]
      : []),
    ...process.libraries
      .filter(({ state }) => state === 'version not supported')
      .map(
        ({ name: library, version, observer }) =>
          `${name}: ${library} ${version} is not observed: ${observer} does not know this version`,
      ),
    ...process.dropped.map(
      ({ what, count }) =>
        `${name}: dropped ${count} of ${what}; fewer distinct attribute values are needed`,
    ),
    ...(process.failedExports > 0
      ? [
          `${name}: ${process.failedExports} exports failed; what was refused is told above by [chokepoint]`,
        ]
      : []),
  ]
}

/** A label value as PromQL writes it. */
function quoted(value = ''): string {
  return JSON.stringify(value)
}
