import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import { expect } from 'chai'
import { freePort } from '../../../../tools/testing/free-port.ts'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver } from './otlp-receiver.ts'
import type { RunningServer } from './server-process.ts'
import { SERVERS } from './servers.ts'

/** A pool: the server it needs, its name, how many borrow from it, and whether it lends at all. */
interface PoolCase {
  readonly pool: string
  readonly server?: string
  /** Left out when the app tells it, since it has a port in it. */
  readonly name?: string | ((ports: Readonly<Record<string, number>>) => string)
  readonly waits: number
  readonly uses: number
}

const POOLS: readonly PoolCase[] = [
  { pool: 'pg', server: 'pg', name: ({ pg }) => `127.0.0.1:${pg}/postgres`, waits: 5, uses: 5 },
  {
    pool: 'mysql2',
    server: 'mysql',
    name: ({ mysql }) => `127.0.0.1:${mysql}/mysql`,
    waits: 6,
    uses: 6,
  },
  {
    pool: 'knex',
    server: 'mysql',
    name: ({ mysql }) => `127.0.0.1:${mysql}/knex`,
    waits: 6,
    uses: 6,
  },
  { pool: 'mongodb', server: 'mongo', waits: 6, uses: 6 },
  { pool: 'ioredis', server: 'redis', waits: 4, uses: 0 },
  {
    pool: 'redis',
    server: 'redis',
    name: ({ redis }) => `127.0.0.1:${redis}/0`,
    waits: 6,
    uses: 6,
  },
  { pool: 'undici', waits: 7, uses: 7 },
  { pool: 'fetch', waits: 7, uses: 7 },
  { pool: 'generic-pool', name: 'generic-pool', waits: 6, uses: 6 },
  { pool: 'tarn', name: 'tarn', waits: 6, uses: 6 },
  { pool: 'own', name: 'own', waits: 6, uses: 6 },
]

/** What a pool says of itself. */
interface Counters {
  readonly idle: number
  readonly used: number
  readonly pending: number
  readonly limit?: number
  readonly name?: string
}

describe('pools under contention', () => {
  const servers = new Map<string, RunningServer>()
  let receiver: OtlpReceiver
  let app: AppProcess
  let names: Map<string, string>
  let held: Record<string, Counters>
  let released: Record<string, Counters>
  let shownHeld: Map<string, Omit<Counters, 'name'>>

  const value = (metric: string, name: string, state?: string): number | undefined =>
    receiver
      .points(`db.client.connection.${metric}`)
      .filter(({ attributes }) => attributes['db.client.connection.pool.name'] === name)
      .find(({ attributes }) => attributes['db.client.connection.state'] === state)?.value

  const shown = (name: string): Omit<Counters, 'name'> => {
    const limit = value('limit', name)
    return {
      idle: value('count', name, 'idle') ?? -1,
      used: value('count', name, 'used') ?? -1,
      pending: value('pending_requests', name) ?? -1,
      ...(limit === undefined ? {} : { limit }),
    }
  }

  const counted = (metric: string, name: string): { count: number; sum: number } => {
    const point = receiver
      .points(`db.client.connection.${metric}`)
      .find(({ attributes }) => attributes['db.client.connection.pool.name'] === name)
    return { count: point?.count ?? 0, sum: point?.value ?? 0 }
  }

  /** Asks the app until two exports have gone by since: then all shows what it is now. */
  async function settled(): Promise<void> {
    const exports = receiver.exports
    await until('exports', () => receiver.exports >= exports + 3)
  }

  before(async () => {
    receiver = await OtlpReceiver.start()
    const wanted = ['mysql', 'mongo', 'redis']
    await Promise.all([
      startPostgres().then((server) => servers.set('pg', server)),
      ...wanted.map(async (name) => {
        const server = await SERVERS[name]!.start()
        if (server !== undefined) servers.set(name, server)
      }),
    ])
    const ports = Object.fromEntries([...servers].map(([name, { port }]) => [name, port]))
    const there = POOLS.filter(({ server }) => server === undefined || servers.has(server))
    app = new AppProcess('pools-app.mjs', {
      preload: '--import',
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_METRIC_EXPORT_INTERVAL: '300',
        POOLS: there.map(({ pool }) => pool).join(),
        PORTS: JSON.stringify(ports),
      },
    })
    const url = await app.listening()
    const ask = async (path: string): Promise<Record<string, Counters>> => {
      const answer = await fetch(url + path)
      const text = await answer.text()
      if (answer.status !== 200) throw new Error(text)
      return JSON.parse(text)
    }
    await ask('/hold')
    await settled()
    held = await ask('/')
    names = new Map(
      there.map(({ pool, name }) => [
        pool,
        held[pool]?.name ?? (typeof name === 'function' ? name(ports) : (name ?? '')),
      ]),
    )
    shownHeld = new Map([...names].map(([pool, name]) => [pool, shown(name)]))
    await ask('/release')
    await settled()
    released = await ask('/')
  })

  after(async () => {
    app.child.kill('SIGKILL')
    receiver.stop()
    await Promise.all([...servers.values()].map((server) => server.stop()))
  })

  for (const { pool, server, waits, uses } of POOLS) {
    it(`show what the pool itself says: ${pool}`, function () {
      if (server !== undefined && !servers.has(server)) {
        console.log(`      no ${server} on this machine: ${SERVERS[server]!.by}`)
        return this.skip()
      }
      const name = names.get(pool)!
      const { name: _held, ...own } = held[pool]!
      expect(shownHeld.get(pool)).to.deep.equal(own)
      const { used, pending } = shown(name)
      expect({ used, pending }).to.deep.equal({ used: 0, pending: 0 })
      if (pool !== 'fetch') {
        const { name: _released, ...after } = released[pool]!
        expect(shown(name)).to.deep.equal(after)
      }
      const wait = counted('wait_time', name)
      // Some waited for as long as all was held, which was longer than an export takes.
      if (pool !== 'fetch') expect(wait.sum).to.be.above(0.3)
      expect(wait.count).to.be.at.least(waits)
      const use = counted('use_time', name)
      expect(use.count).to.be.at.least(uses)
      if (uses > 0) expect(use.sum).to.be.above(0.3)
    })
  }

  it('count who waited for too long', () => {
    expect(value('timeouts', 'late')).to.equal(1)
    expect(value('timeouts', 'own')).to.equal(0)
  })

  it('say nothing', () => {
    expect(app.stderr).to.equal('')
  })
})

async function startPostgres(): Promise<RunningServer> {
  const port = await freePort()
  const server = new PGLiteSocketServer({ db: await PGlite.create(), port, host: '127.0.0.1' })
  await server.start()
  return { port, stop: () => server.stop() }
}
