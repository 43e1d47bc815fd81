import type {
  AnalyzerClient,
  Bottleneck,
  PerformanceSnapshot,
  Recommendation,
  ReportFormat,
} from './analyzer-client.ts'

const TIMEOUT_MS = 10_000

/** A running analyzer, asked by its API. */
export class AnalyzerByUrl implements AnalyzerClient {
  readonly #base: string

  /** @param base address of the API, without `/api` */
  constructor(base: string) {
    this.#base = base.replace(/\/+$/, '')
  }

  snapshot(): Promise<PerformanceSnapshot> {
    return this.#json('snapshot')
  }

  bottlenecks(): Promise<readonly Bottleneck[]> {
    return this.#json('bottlenecks')
  }

  recommendations(): Promise<readonly Recommendation[]> {
    return this.#json('recommendations')
  }

  async report(format: ReportFormat): Promise<string> {
    return (await this.#get(`report?format=${format}&window=15m`)).text()
  }

  async close(): Promise<void> {}

  async #json<Answer>(path: string): Promise<Answer> {
    const { data } = (await (await this.#get(path)).json()) as { readonly data: Answer }
    return data
  }

  async #get(path: string): Promise<Response> {
    const url = `${this.#base}/api/v1/${path}`
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (!response.ok) throw new Error(`cannot ask the analyzer: ${url} answered ${response.status}`)
    return response
  }
}
