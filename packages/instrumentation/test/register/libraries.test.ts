import { expect } from 'chai'
import { startAwsEndpoint } from './aws-endpoint.ts'
import { type LibraryRun, type ModuleSystem, runLibraries } from './library-app.ts'
import type { RunningServer } from './server-process.ts'
import { SERVERS } from './servers.ts'

/** A library: the server it needs, what a request to it answers, and what three of them make known. */
interface LibraryCase {
  readonly library: string
  readonly server?: string
  readonly answer: string
  readonly facts: readonly string[]
}

const casesOf = (system: ModuleSystem): readonly LibraryCase[] => [
  {
    library: 'ioredis',
    server: 'redis',
    answer: '"full"',
    facts: [
      'call cache redis SET: 3',
      'call cache redis GET: 3',
      'db redis SET: 3',
      'db redis GET: 3',
    ],
  },
  {
    library: 'redis',
    server: 'redis',
    answer: '"book"',
    facts: ['call cache redis HSET: 3', 'call cache redis HGET: 3', 'db redis HGET: 3'],
  },
  {
    library: 'mysql2',
    server: 'mysql',
    answer: '[{"name":"jo"}]',
    facts: [
      'call db mysql mysql SELECT ? + ? AS two: 3',
      'call db mysql mysql SELECT ? AS name: 3',
    ],
  },
  {
    library: 'mysql2-callbacks',
    server: 'mysql',
    answer: '"ER_NO_SUCH_TABLE"',
    facts: [
      'call db mysql mysql SELECT nothing FROM nowhere: 3',
      'db mysql SELECT nowhere _OTHER: 3',
    ],
  },
  {
    library: 'knex',
    server: 'mysql',
    answer: '[]',
    // The driver's call counts, not that of the layer above it, too.
    facts: [
      'call db mysql mysql select `id` from `shop`.`items` where `id` = ?: 3',
      'db mysql SELECT shop.items: 3',
    ],
  },
  {
    library: 'mongodb',
    server: 'mongo',
    answer: '"book"',
    facts: [
      'call db mongodb shop insert orders: 3',
      'call db mongodb shop find orders: 3',
      'db mongodb find orders: 3',
    ],
  },
  {
    library: 'mongoose',
    server: 'mongo',
    answer: '"pen"',
    facts: ['call db mongodb shop find items: 3', 'db mongodb find items: 3'],
  },
  {
    library: 'amqplib',
    server: 'rabbit',
    answer: '"order"',
    facts: [
      'call messaging rabbitmq orders send: 3',
      'message rabbitmq send orders: 3',
      'processed rabbitmq orders: 3',
    ],
  },
  {
    library: 'kafkajs',
    server: 'kafka',
    answer: '"order"',
    facts: [
      `call messaging kafka orders-${system} send: 3`,
      `message kafka send orders-${system}: 3`,
      `processed kafka orders-${system}: 3`,
    ],
  },
  {
    library: 'aws-sdk',
    server: 'aws',
    answer: '"pen"',
    // Three calls, not six: the HTTP request of each is a part of it.
    facts: [
      'call messaging aws_sqs orders send: 3',
      'call messaging aws_sqs orders receive: 3',
      'call db dynamodb items GetItem: 3',
      'message aws_sqs send orders: 3',
      'db dynamodb GetItem: 3',
    ],
  },
  {
    library: 'grpc',
    answer: '[{"left":3},5]',
    // A client's fault is no error of the server.
    facts: [
      'call http grpc shop.Stock shop.Stock/Reserve: 3',
      'rpc grpc shop.Stock/Reserve OK: 3',
      'rpc grpc shop.Stock/Missing NOT_FOUND NOT_FOUND: 3',
      'served grpc shop.Stock/Reserve OK: 3',
      'served grpc shop.Stock/Missing NOT_FOUND: 3',
    ],
  },
  {
    library: 'socket.io',
    answer: '"yes"',
    // Two at the start: the connection, and one for each question.
    facts: ['message socket.io send /: 3', 'processed socket.io /: 4'],
  },
  {
    library: 'graphql',
    answer: '"hello jo"',
    facts: ['component graphql query Greet: 6', 'component graphql query Broken TypeError: 6'],
  },
  {
    library: 'graphql-16',
    answer: '"hello jo"',
    facts: ['component graphql query Greet: 6', 'component graphql query Broken TypeError: 6'],
  },
]

describe('libraries, with their real servers', () => {
  const servers = new Map<string, RunningServer>()

  before(async () => {
    const wanted = { ...SERVERS, aws: { start: startAwsEndpoint, by: '' } }
    const started = Object.entries(wanted).map(async ([name, { start }]) => {
      const server = await start()
      if (server !== undefined) servers.set(name, server)
    })
    await Promise.all(started)
  })

  after(async () => {
    await Promise.all([...servers.values()].map((server) => server.stop()))
  })

  for (const system of ['cjs', 'mjs'] as const) {
    describe(system === 'cjs' ? 'that are required' : 'that are imported', () => {
      let run: LibraryRun

      before(async () => {
        const ports = Object.fromEntries([...servers].map(([name, { port }]) => [name, port]))
        const there = casesOf(system).filter(
          ({ server }) => server === undefined || servers.has(server),
        )
        run = await runLibraries(
          system,
          there.map(({ library }) => library),
          ports,
        )
      })

      for (const { library, server, answer, facts } of casesOf(system)) {
        it(`tell of themselves: ${library}`, function () {
          if (server !== undefined && !servers.has(server)) {
            console.log(`      no ${server} on this machine: ${SERVERS[server]!.by}`)
            return this.skip()
          }
          expect(run.answers.get(library)).to.equal(answer)
          expect([...run.facts]).to.include.members([...facts])
        })
      }

      it('count a call once, however many layers it goes through', () => {
        const twice = [...run.facts].filter((fact) => /^call (db mysql2|http 127)/.test(fact))
        expect(twice).to.deep.equal([])
      })

      it('show no value of a statement in their spans', function () {
        if (!servers.has('mysql')) return this.skip()
        const shown = run.spans.flatMap(({ kind, attributes }) =>
          kind === 3 && /sql/.test(String(attributes['db.system.name']))
            ? [attributes['db.query.text']]
            : [],
        )
        expect(shown).to.include.members(['SELECT ? + ? AS two', 'SELECT ? AS name'])
        expect(shown.filter((text) => /'jo'|\d/.test(String(text)))).to.deep.equal([])
      })

      it('carry the trace to whoever takes a message or serves a procedure', () => {
        const paths: [path: string, span: string][] = [
          ['/amqplib', 'orders process'],
          ['/kafkajs', `process orders-${system}`],
          ['/grpc', 'grpc.shop.Stock/Reserve'],
        ]
        for (const [path, name] of paths) {
          const roots = run.spans.filter(({ attributes }) => attributes['url.path'] === path)
          const served = run.spans.filter(
            (span) => span.name === name && [2, 5].includes(span.kind),
          )
          expect(served.length).to.equal(roots.length)
          expect(served.map(({ traceId }) => traceId)).to.have.members(
            roots.map(({ traceId }) => traceId),
          )
        }
      })

      it('load their instrumentation without the SDK of metrics, and leave the app as it was', () => {
        const loaded = JSON.parse(run.answers.get('loaded')!) as string[]
        expect(loaded).to.include('@opentelemetry/instrumentation-grpc')
        expect(loaded).to.not.include('@opentelemetry/sdk-metrics')
        // The warning is of kafkajs, and comes without us, too.
        expect(
          run.ended.stderr
            .replace(/^.*(TimeoutNegative|Timeout duration|trace-warnings).*\n/gm, '')
            .trim(),
        ).to.equal('')
        expect(run.ended.signal).to.equal('SIGTERM')
      })
    })
  }

  it('that an app does not use are not loaded', async () => {
    const { answers } = await runLibraries('cjs', [], {})
    const loaded = JSON.parse(answers.get('loaded')!) as string[]
    expect(loaded.filter((name) => name.includes('instrumentation'))).to.deep.equal([])
  })
})
