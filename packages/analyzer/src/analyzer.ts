import type { Config } from './config/schema.ts'
import type { AnalyzerView } from './model/analyzer-view.ts'
import type { ReportFormat } from './model/report.ts'
import { createPipeline } from './pipeline.ts'
import { buildReport } from './report/build-report.ts'
import { renderReport } from './report/render.ts'
import { ONLY_TENANT } from './tenants.ts'
import { VERSION } from './version.ts'

/** An analyzer that lives as long as one command looks often: the command may take a minute. */
const MEMORY_INTERVAL_MS = 2000

export interface AnalyzerOptions {
  /** True keeps nothing on disk and evaluates every two seconds. */
  readonly memory?: boolean
  /** Told in one sentence of what went wrong and does not stop the analyzer; stderr by default. */
  readonly onProblem?: (message: string) => void
}

/** An analyzer that takes metrics and answers. */
export interface RunningAnalyzer {
  readonly ports: { readonly otlpHttp: number; readonly otlpGrpc: number; readonly api: number }
  /** The address of the live page and the API. */
  readonly url: string
  readonly view: (tenant?: string) => AnalyzerView
  readonly report: (format: ReportFormat, windowMs: number, tenant?: string) => string
  /** Evaluates once more, at the newest sample, and then no more. */
  readonly settle: () => Promise<void>
  /** Reads the rule files again; when they are wrong the old rules stay. */
  readonly reloadRules: () => void
  readonly close: () => Promise<void>
}

/** Starts every stage. Rejects with `PORT_IN_USE`, `CONFIG_INVALID`, `RULES_INVALID` or `STORAGE_FAILED`. */
export async function startAnalyzer(
  config: Config,
  options: AnalyzerOptions = {},
): Promise<RunningAnalyzer> {
  const memory = options.memory ?? false
  const intervalMs = memory
    ? Math.min(config.evaluation.intervalMs, MEMORY_INTERVAL_MS)
    : config.evaluation.intervalMs
  const pipeline = await createPipeline(
    { ...config, evaluation: { ...config.evaluation, intervalMs } },
    {
      version: VERSION,
      dataDir: memory ? undefined : config.dataDir,
      wallClock: Date.now,
      random: Math.random,
      onProblem:
        options.onProblem ?? ((message) => process.stderr.write(`chokepoint: ${message}\n`)),
    },
  )
  const ports = await pipeline.listen().catch(async (error: unknown) => {
    await pipeline.close()
    throw error
  })
  const view = (tenant = ONLY_TENANT) => pipeline.tenants.get(tenant).view
  const host = config.listen.host === '0.0.0.0' ? '127.0.0.1' : config.listen.host
  return {
    ports,
    url: `${config.auth.tls === null ? 'http' : 'https'}://${host}:${ports.api}`,
    view,
    report: (format, windowMs, tenant) =>
      renderReport(buildReport(view(tenant), windowMs, VERSION), format),
    settle: async () => pipeline.settle(),
    reloadRules: pipeline.reloadRules,
    close: pipeline.close,
  }
}
