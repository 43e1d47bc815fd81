import type { AnalyzerView } from '@chokepoint/analyzer'
import { paint } from '../terminal/output.ts'
import { StatusBar } from '../terminal/status-bar.ts'

const REFRESH_MS = 1_000

/** Shows what is found while a command runs: one changing line on a terminal, elsewhere a line a change. */
export class Progress {
  readonly #view: AnalyzerView
  readonly #stream: NodeJS.WriteStream
  readonly #bar: StatusBar | undefined
  readonly #startMs: number
  readonly #timer: NodeJS.Timeout
  readonly #told = new Set<string>()

  constructor(view: AnalyzerView, stream: NodeJS.WriteStream) {
    this.#view = view
    this.#stream = stream
    this.#bar = stream.isTTY ? new StatusBar(stream) : undefined
    this.#startMs = performance.now()
    this.#timer = setInterval(() => this.#refresh(), REFRESH_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#bar?.clear()
  }

  #refresh(): void {
    const seconds = Math.round((performance.now() - this.#startMs) / 1000)
    const { services, series } = this.#view.snapshot()
    for (const labels of services) {
      const name = labels['service.name'] ?? labels.job ?? '?'
      this.#tell(name, `${name} reports`)
    }
    const bottlenecks = this.#view.bottlenecks()
    for (const { id, type, severity, summary, cause } of bottlenecks) {
      if (cause) this.#tell(id, `${severity} ${type}: ${summary}`)
    }
    const alerts = this.#view.alerts().filter(({ state }) => state === 'firing')
    for (const { id, severity, name, annotations } of alerts) {
      this.#tell(id, `${severity} alert ${name}: ${annotations.summary ?? ''}`)
    }
    const active = bottlenecks.filter(({ cause, status }) => cause && status === 'active')
    const found = active.map(({ type }) => type).join(', ') || 'nothing found'
    this.#bar?.show(
      ` chokepoint ${seconds} s | ${services.length} services, ${series} series | ${found}`,
    )
  }

  /** Says each thing once, whatever its numbers do after that. */
  #tell(thing: string, line: string): void {
    if (this.#bar !== undefined || this.#told.has(thing)) return
    this.#told.add(thing)
    this.#stream.write(`${paint(this.#stream, 'dim', 'chokepoint:')} ${line}\n`)
  }
}
