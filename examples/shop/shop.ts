import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ReadyMessage } from './service.ts'

const READY_MS_MAX = 60_000
const STOP_MS_MAX = 5_000

/**
 * Users and the database server are not part of the service: with a preload in NODE_OPTIONS they would
 * report themselves as two more services. This is the standard way to tell any OpenTelemetry SDK so.
 */
const OUTSIDE = { OTEL_SDK_DISABLED: 'true' }

/** The shop's processes: opened in the order in which they need each other, stopped in the opposite one. */
export class Shop {
  readonly #parts: { name: string; child: ChildProcess }[] = []
  readonly #urls = new Map<string, string>()
  #stopped: Promise<void> | undefined

  get stopping(): boolean {
    return this.#stopped !== undefined
  }

  async open(): Promise<void> {
    const DATABASE_URL = await this.#openDatabase()
    const PAYMENT_URL = await this.#open('payment', 'payment/server.ts', {})
    const CATALOG_URL = await this.#open('catalog', 'catalog/server.cjs', { DATABASE_URL })
    await this.#open('storefront', 'storefront/server.ts', {
      DATABASE_URL,
      CATALOG_URL,
      PAYMENT_URL,
    })
  }

  /** Resolves when the customers have gone; rejects when a part of the shop ends before that. */
  async serveCustomers(options: readonly string[]): Promise<void> {
    const STOREFRONT_URL = this.#urls.get('storefront')
    if (STOREFRONT_URL === undefined) throw new Error('the storefront is not open')
    const load = this.#spawn('load', 'load/main.ts', { ...OUTSIDE, STOREFRONT_URL }, options)
    await Promise.race([
      ended(load, 'load'),
      ...this.#parts
        .filter(({ name }) => name !== 'load')
        .map(async ({ name, child }) => {
          await once(child, 'exit')
          throw new Error(`the part ${name} ended with ${child.exitCode ?? child.signalCode}`)
        }),
    ])
  }

  /** Ends every part; safe to call again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll()
    return this.#stopped
  }

  async #openDatabase(): Promise<string> {
    const external = process.env.DATABASE_URL
    if (external === undefined || external === '')
      return this.#open('database', 'database.ts', OUTSIDE)
    await ended(this.#spawn('database', 'database.ts', OUTSIDE), 'database')
    this.#parts.pop()
    return external
  }

  async #open(name: string, script: string, env: NodeJS.ProcessEnv): Promise<string> {
    const child = this.#spawn(name, script, env)
    const gaveUp = AbortSignal.timeout(READY_MS_MAX)
    const [message] = (await Promise.race([
      once(child, 'message', { signal: gaveUp }),
      once(child, 'exit', { signal: gaveUp }).then(([code, signal]) => {
        throw new Error(`the part ${name} ended with ${code ?? signal} before it was ready`)
      }),
    ])) as [ReadyMessage]
    this.#urls.set(name, message.ready)
    return message.ready
  }

  #spawn(
    name: string,
    script: string,
    env: NodeJS.ProcessEnv,
    options: readonly string[] = [],
  ): ChildProcess {
    if (this.stopping) throw new Error('the shop is being closed')
    const path = fileURLToPath(new URL(script, import.meta.url))
    const child = spawn(process.execPath, [path, ...options], {
      env: { ...process.env, OTEL_SERVICE_NAME: name, ...env },
      // The channel tells this process when a part is ready, and the part when this process is gone.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#parts.push({ name, child })
    return child
  }

  async #stopAll(): Promise<void> {
    for (const { child } of this.#parts.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      const patience = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
      await gone
      clearTimeout(patience)
    }
  }
}

/** Resolves when the process has ended well. */
async function ended(child: ChildProcess, name: string): Promise<void> {
  await once(child, 'exit')
  if (child.exitCode !== 0) {
    throw new Error(`the part ${name} ended with ${child.exitCode ?? child.signalCode}`)
  }
}
