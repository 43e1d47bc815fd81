import { OtlpReceiver } from './otlp-receiver.ts'
import { Watched } from './watched.ts'
import { WatchedApp } from './watched-app.ts'

/**
 * Made inside of a `describe`: each of its tests has a receiver of its own, and what it starts to send there ends with it.
 */
export class WatchedSuite {
  receiver = new OtlpReceiver()
  /** The receiver's address. */
  url = ''
  readonly #environment: Readonly<Record<string, string>>
  readonly #started: { end(): Promise<void> }[] = []

  /** @param environment of all watch threads of these tests */
  constructor(environment: Readonly<Record<string, string>> = {}) {
    this.#environment = environment
    beforeEach(async () => {
      this.receiver = new OtlpReceiver()
      this.url = await this.receiver.listen()
    })
    afterEach(async () => {
      for (const started of this.#started.splice(0)) await started.end()
      this.receiver.close()
    })
  }

  /** A watch thread that sends OTLP as JSON, with this thread in the place of the app. */
  async watch(environment: Readonly<Record<string, string>> = {}): Promise<Watched> {
    const watched = new Watched({
      OTEL_EXPORTER_OTLP_ENDPOINT: this.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_METRIC_EXPORT_INTERVAL: '200',
      ...this.#environment,
      ...environment,
    })
    this.#started.push(watched)
    return watched.ready()
  }

  /** A real app in a process of its own, under these flags of Node too, which has reported already. */
  async startApp(
    file: string,
    environment: Readonly<Record<string, string>> = {},
    flags: readonly string[] = [],
  ): Promise<WatchedApp> {
    const app = new WatchedApp(file, this.url, environment, flags)
    this.#started.push(app)
    return app.reported(this.receiver)
  }
}
