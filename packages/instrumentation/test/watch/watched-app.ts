import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { spawnTied } from '../../../../tools/testing/tied-process.ts'
import { until } from '../../../../tools/testing/until.ts'
import type { OtlpReceiver } from './otlp-receiver.ts'

/** A real app in a process of its own, under the preload, that sends to a receiver. */
export class WatchedApp {
  readonly child: ChildProcess
  stderr = ''

  constructor(
    file: string,
    receiver: string,
    environment: Readonly<Record<string, string>> = {},
    flags: readonly string[] = [],
  ) {
    this.child = spawnTied(
      process.execPath,
      [
        ...flags,
        '--conditions=chokepoint-source',
        '--import',
        '@chokepoint/instrumentation/register',
        file.includes('/') ? file : join(import.meta.dirname, 'fixtures', file),
      ],
      {
        cwd: import.meta.dirname,
        env: {
          ...process.env,
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
          OTEL_METRICS_EXPORTER: 'otlp',
          OTEL_METRIC_EXPORT_INTERVAL: '100',
          ...environment,
        },
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      },
    )
    this.child.stderr!.on('data', (chunk) => {
      this.stderr += chunk
    })
  }

  async message<Message>(): Promise<Message> {
    const [message] = await once(this.child, 'message')
    return message as Message
  }

  /** Waits until the watch thread has reported, so that it is there to see. */
  async reported(receiver: OtlpReceiver): Promise<this> {
    await until('a report', () => receiver.metricRequests.length > 0)
    return this
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    this.child.kill('SIGKILL')
    await once(this.child, 'exit')
  }
}
