import { type Attributes, SeverityNumber } from '@opentelemetry/api'
import type { LogEventSink } from '../export/log-events.ts'
import type { BoundedHistogram } from '../metrics/bounded-histogram.ts'
import type { Frame } from './hot-frames.ts'
import type { SourceMaps } from './source-maps.ts'
import type { Stall } from './stall-watch.ts'

/** A computed property may have any name, and code that is evaluated may have any `sourceURL`. */
const NAME_LENGTH_MAX = 200
const PATH_LENGTH_MAX = 1024

export interface StallReportOptions {
  readonly durations: BoundedHistogram
  readonly logEvents: LogEventSink | undefined
  readonly sourceMaps: SourceMaps
  /** Wall clock, in ms. */
  readonly now: () => number
}

/** Tells of stalls: at once, with the frames, as a log event; when over, as a metric. */
export class StallReport {
  readonly #options: StallReportOptions

  constructor(options: StallReportOptions) {
    this.#options = options
  }

  /** A stall has been profiled and may still last. */
  named({ durationMs, frames }: Stall): void {
    const { logEvents, now, sourceMaps } = this.#options
    const places = frames.map((frame) => sourceMaps.apply(frame))
    const [top] = places
    if (top === undefined || logEvents === undefined) return
    logEvents({
      name: 'nodejs.eventloop.blocked',
      timeMs: now(),
      severity: SeverityNumber.WARN,
      severityText: 'WARN',
      body: `The event loop is blocked for ${Math.round(durationMs)} ms: ${describe(top)}`,
      attributes: {
        ...attributesOf(top),
        ...(top.callee === '' ? {} : { 'chokepoint.stall.callee': top.callee }),
        'chokepoint.stall.duration': durationMs / 1000,
        'chokepoint.stall.frames': places.map(describe),
        'chokepoint.stall.shares': places.map(({ share }) => share),
      },
    })
  }

  /** A stall is over. */
  ended({ durationMs, frames: [top] }: Stall): void {
    const { durations, sourceMaps } = this.#options
    const attributes = top === undefined ? {} : attributesOf(sourceMaps.apply(top))
    durations.record(durationMs / 1000, attributes)
  }
}

function attributesOf({ function: name, file, line }: Frame): Attributes {
  return {
    'code.function.name': name.slice(0, NAME_LENGTH_MAX),
    ...(file === ''
      ? {}
      : { 'code.file.path': file.slice(0, PATH_LENGTH_MAX), 'code.line.number': line }),
  }
}

/** e.g. `renderCart (/app/cart.js:12) in readFileSync (node:fs) 61 %`, `parse (/app/cart.js:3) at line 5 98 %` */
function describe({ function: name, file, line, callee, hotLine, share }: Frame): string {
  const place = file === '' ? '' : ` (${file}:${line})`
  const at = hotLine === 0 || hotLine === line ? '' : ` at line ${hotLine}`
  const inside = callee === '' ? at : ` in ${callee}`
  return `${name}${place}${inside} ${Math.round(share * 100)} %`
}
