import { startAgent, warnOnStderr } from '../app/agent.ts'
import { component } from '../app/component.ts'
import { processWide } from '../app/process-wide.ts'
import { readSettings } from '../settings/settings.ts'
import { AnalyzerByUrl } from './analyzer-by-url.ts'
import type {
  AnalyzerClient,
  Bottleneck,
  PerformanceSnapshot,
  Recommendation,
  ReportFormat,
} from './analyzer-client.ts'
import { EmbeddedAnalyzer } from './embedded-analyzer.ts'

/** Where the analysis is done. */
export interface PerformanceMonitorOptions {
  /**
   * Address of a running analyzer's API (`http://127.0.0.1:9490`), or `embedded`: one in this process, with its
   * memory and its processor time, which needs the package `@chokepoint/analyzer`. Default: the address in
   * `CHOKEPOINT_URL`, or else `embedded`.
   */
  readonly analyzer?: string
}

const EMBEDDED_EXPORT_MS = '1000'

/** The whole system behind one object: measure this process, and ask what holds it back. */
export class PerformanceMonitor {
  readonly #where: string
  #client: AnalyzerClient | undefined

  constructor(options: PerformanceMonitorOptions = {}) {
    this.#where = options.analyzer ?? process.env.CHOKEPOINT_URL ?? 'embedded'
  }

  /**
   * Starts measuring and the connection to the analyzer. Libraries that were loaded before are only seen where
   * no preparation is needed, so call it first or use the preload.
   */
  async start(): Promise<void> {
    if (this.#client !== undefined) return
    const { started } = processWide()
    if (this.#where !== 'embedded') {
      this.#client = new AnalyzerByUrl(this.#where)
      if (!started) startAgent(readSettings(process.env, warnOnStderr))
      return
    }
    if (started) {
      throw new Error(
        'cannot embed an analyzer: the preload already sends elsewhere; give the address of that analyzer',
      )
    }
    const embedded = await EmbeddedAnalyzer.start()
    this.#client = embedded
    for (const port of embedded.ports) processWide().ownPorts.add(port)
    const environment = {
      OTEL_METRIC_EXPORT_INTERVAL: EMBEDDED_EXPORT_MS,
      ...process.env,
      OTEL_EXPORTER_OTLP_ENDPOINT: embedded.otlpUrl,
      OTEL_TRACES_EXPORTER: 'none',
    }
    startAgent(readSettings(environment, warnOnStderr))
  }

  /** Ends the connection; an embedded analyzer is closed. Measuring goes on as long as the process. */
  async stop(): Promise<void> {
    await this.#client?.close()
    this.#client = undefined
  }

  /** Records an operation of a component of the app, in milliseconds. */
  recordOperation(name: string, operation: string, durationMs: number, success: boolean): void {
    component(name).record(operation, durationMs, success ? undefined : FAILED)
  }

  /** The state of all that the analyzer sees, now. */
  getPerformanceSnapshot(): Promise<PerformanceSnapshot> {
    return this.#connected().snapshot()
  }

  /** What limits the service now, highest impact first. */
  identifyBottlenecks(): Promise<readonly Bottleneck[]> {
    return this.#connected().bottlenecks()
  }

  /** What to change, highest impact first. */
  getOptimizationRecommendations(): Promise<readonly Recommendation[]> {
    return this.#connected().recommendations()
  }

  /** A report of the last quarter of an hour. */
  exportPerformanceReport(format: ReportFormat): Promise<string> {
    return this.#connected().report(format)
  }

  #connected(): AnalyzerClient {
    if (this.#client === undefined) {
      throw new Error('cannot ask the analyzer: call start() first and wait for it')
    }
    return this.#client
  }
}

const FAILED = { error: true } as const
