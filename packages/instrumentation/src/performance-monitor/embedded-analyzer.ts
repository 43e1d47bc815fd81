import type { RunningAnalyzer } from '@chokepoint/analyzer'
import type {
  AnalyzerClient,
  Bottleneck,
  PerformanceSnapshot,
  Recommendation,
  ReportFormat,
} from './analyzer-client.ts'

const REPORT_WINDOW_MS = 15 * 60_000
/** Free ports: several processes may embed an analyzer. */
const CONFIG = 'listen: { otlpHttp: 0, otlpGrpc: 0, api: 0 }\n'

/** An analyzer inside this process; it keeps nothing on disk. */
export class EmbeddedAnalyzer implements AnalyzerClient {
  readonly #analyzer: RunningAnalyzer

  private constructor(analyzer: RunningAnalyzer) {
    this.#analyzer = analyzer
  }

  /** Starts one; rejects when the package `@chokepoint/analyzer` is not installed. */
  static async start(): Promise<EmbeddedAnalyzer> {
    const { parseConfig, startAnalyzer } = await import('@chokepoint/analyzer')
    const config = parseConfig(CONFIG, 'embedded', process.env)
    return new EmbeddedAnalyzer(await startAnalyzer(config, { memory: true }))
  }

  /** Where telemetry is sent. */
  get otlpUrl(): string {
    return `http://127.0.0.1:${this.#analyzer.ports.otlpHttp}`
  }

  /** The ports it listens on. */
  get ports(): readonly number[] {
    return Object.values(this.#analyzer.ports)
  }

  async snapshot(): Promise<PerformanceSnapshot> {
    return this.#analyzer.view().snapshot()
  }

  async bottlenecks(): Promise<readonly Bottleneck[]> {
    return this.#analyzer.view().bottlenecks()
  }

  async recommendations(): Promise<readonly Recommendation[]> {
    return this.#analyzer.view().recommendations()
  }

  async report(format: ReportFormat): Promise<string> {
    return this.#analyzer.report(format, REPORT_WINDOW_MS)
  }

  async close(): Promise<void> {
    await this.#analyzer.close()
  }
}
