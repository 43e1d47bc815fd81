import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Agent } from './agents.ts'

/** What a running service tells about itself. */
export interface Usage {
  readonly rssBytes: number
  /** The app thread's heap after full collections. */
  readonly heapBytes: number
  /** What the app thread's young generation takes: V8 doubles it up to its bound as objects survive, whoever makes them. */
  readonly youngBytes: number
  /** What the rest of the app thread's heap takes. */
  readonly oldBytes: number
  readonly externalBytes: number
}

/** What the service is told of what it talks to. */
export interface Ports {
  readonly upstreamPort: number
  readonly databasePort: number
  /** Its name and version, and the size of the service's pool of connections. */
  readonly database: { readonly name: string; readonly connections: number }
  readonly sinkPort: number
}

/** The service under one agent, pinned to one core. */
export class Service {
  readonly port: number
  /** From the start of the process until it listens. */
  readonly startupMs: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number, startupMs: number) {
    this.#child = child
    this.port = port
    this.startupMs = startupMs
  }

  /** @param core the processor it may use; `folder` is where its packages are installed */
  static async start(agent: Agent, folder: string, core: number, ports: Ports): Promise<Service> {
    const startedMs = performance.now()
    const child = fork(join(folder, 'service.cjs'), [], {
      cwd: folder,
      execPath: 'taskset',
      execArgv: ['-c', String(core), process.execPath, '--expose-gc', ...agent.nodeArguments],
      env: {
        ...process.env,
        ...agent.environment,
        UPSTREAM_PORT: String(ports.upstreamPort),
        DATABASE_PORT: String(ports.databasePort),
        DATABASE_CONNECTIONS: String(ports.database.connections),
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const [message] = (await once(child, 'message')) as [{ port: number }]
    return new Service(child, message.port, performance.now() - startedMs)
  }

  /** The process: `taskset` has become the program it started. */
  get pid(): number {
    return this.#child.pid!
  }

  async usage(): Promise<Usage> {
    this.#child.send('usage')
    const [usage] = (await once(this.#child, 'message')) as [Usage]
    return usage
  }

  /** Brings its young generation to its bound. */
  async growYoung(): Promise<void> {
    this.#child.send('grow')
    await once(this.#child, 'message')
  }

  /** Has it block its loop. */
  block(ms: number): void {
    this.#child.send({ block: ms })
  }

  /** Ends the service by SIGTERM; by SIGKILL when it has not ended within 5 s. Gives the time it took. */
  async stop(): Promise<number> {
    const startedMs = performance.now()
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    await exited
    clearTimeout(timer)
    return performance.now() - startedMs
  }
}
