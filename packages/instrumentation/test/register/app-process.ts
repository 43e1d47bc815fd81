import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { spawnTied } from '../../../../tools/testing/tied-process.ts'
import { until } from '../../../../tools/testing/until.ts'

/** How the app is started. */
export interface AppOptions {
  /** Undefined: without us. */
  readonly preload?: '--import' | '--require'
  readonly environment?: Readonly<Record<string, string>>
  readonly nodeArguments?: readonly string[]
  readonly node?: string
  /** Where it runs, and where its modules are looked for. */
  readonly cwd?: string
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  readonly tookMs: number
}

/** The runtime of the apps: `CHOKEPOINT_TEST_NODE` tries another one. */
const NODE = process.env.CHOKEPOINT_TEST_NODE ?? process.execPath
const FIXTURES = join(import.meta.dirname, 'fixtures')
const REGISTER = '@chokepoint/instrumentation/register'

/** A real app in a process of its own. */
export class AppProcess {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  #stdout = ''
  #stderr = ''

  constructor(file: string, options: AppOptions = {}) {
    const { preload, environment = {}, nodeArguments = [], node = NODE, cwd = FIXTURES } = options
    const startedMs = performance.now()
    this.child = spawnTied(
      node,
      [
        // Elsewhere the package is as it is published, built.
        ...(cwd === FIXTURES ? ['--conditions=chokepoint-source'] : []),
        ...nodeArguments,
        ...(preload === undefined ? [] : [preload, REGISTER]),
        file.includes('/') ? file : join(FIXTURES, file),
      ],
      {
        cwd,
        env: {
          ...process.env,
          OTEL_EXPORTER_PROMETHEUS_PORT: '0',
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
          OTEL_METRIC_EXPORT_INTERVAL: '200',
          ...environment,
        },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    )
    this.child.stdout!.on('data', (chunk) => {
      this.#stdout += chunk
    })
    this.child.stderr!.on('data', (chunk) => {
      this.#stderr += chunk
    })
    this.ended = once(this.child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as string | null,
      stdout: this.#stdout,
      stderr: this.#stderr,
      tookMs: performance.now() - startedMs,
    }))
  }

  get stdout(): string {
    return this.#stdout
  }

  get stderr(): string {
    return this.#stderr
  }

  /** Waits for the line `listening PORT`; gives the address of the app. */
  async listening(): Promise<string> {
    await until(
      'the app to listen',
      () => /listening \d+\n/.test(this.#stdout) || this.child.exitCode !== null,
    )
    const port = /listening (\d+)/.exec(this.#stdout)?.[1]
    if (port === undefined) throw new Error(`the app did not start:\n${this.#stderr}`)
    return `http://127.0.0.1:${port}`
  }

  async stop(): Promise<Ended> {
    if (this.child.connected) this.child.send('stop')
    return this.ended
  }
}
