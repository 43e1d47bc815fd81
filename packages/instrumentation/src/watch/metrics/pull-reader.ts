import { type CollectionResult, MetricReader } from '@opentelemetry/sdk-metrics'

/** A reader that collects when it is asked; askers at the same time share one collection. */
export class PullReader extends MetricReader {
  #collecting: Promise<CollectionResult> | undefined

  /** The metrics now. */
  pull(): Promise<CollectionResult> {
    this.#collecting ??= this.collect().finally(() => {
      this.#collecting = undefined
    })
    return this.#collecting
  }

  protected override async onForceFlush(): Promise<void> {}

  protected override async onShutdown(): Promise<void> {}
}
