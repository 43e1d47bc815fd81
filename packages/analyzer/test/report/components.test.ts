import { expect } from 'chai'
import type { QueryFunc, QuerySample } from '../../src/model/query.ts'
import { readComponents } from '../../src/report/components.ts'

const NOW_MS = 1_700_000_000_000
const JOB = { job: 'shop/checkout', instance: 'c-1' }

/** Answers a query by the first row whose every piece is in it. */
const answering =
  (
    ...rows: readonly (readonly [pieces: readonly string[], answer: readonly QuerySample[]])[]
  ): QueryFunc =>
  (expression) =>
    rows.find(([pieces]) => pieces.every((piece) => expression.includes(piece)))?.[1] ?? []

const sample = (labels: Readonly<Record<string, string>>, value: number): QuerySample => ({
  labels: { ...JOB, ...labels },
  value,
})

describe('readComponents', () => {
  it('reads rate, failures, mean and quantiles of a route', () => {
    const route = { http_route: '/pay', http_request_method: 'POST' }
    const query = answering(
      [['http_server', 'histogram_quantile(0.5,'], [sample(route, 0.2)]],
      [['http_server', 'histogram_quantile(0.95,'], [sample(route, 0.8)]],
      [['http_server', 'histogram_quantile(0.99,'], [sample(route, 1.5)]],
      [['http_server', '_sum[60s]'], [sample(route, 3)]],
      [
        ['http_server', '_count[60s]'],
        [
          sample({ ...route, http_response_status_code: '200' }, 9),
          sample({ ...route, http_response_status_code: '500', error_type: '500' }, 0.75),
          sample({ ...route, error_type: 'ECONNRESET' }, 0.25),
        ],
      ],
    )
    expect(readComponents(query, NOW_MS, 60_000)).to.deep.equal([
      {
        resource: {
          'service.namespace': 'shop',
          'service.name': 'checkout',
          'service.instance.id': 'c-1',
        },
        component: '/pay',
        kind: 'route',
        operation: 'POST',
        ratePerSecond: 10,
        errorRate: 0.1,
        meanSeconds: 0.3,
        p50Seconds: 0.2,
        p95Seconds: 0.8,
        p99Seconds: 1.5,
      },
    ])
  })

  it('names databases, peers, queues and own components by their labels', () => {
    const query = answering(
      [
        ['db_client', '_count'],
        [
          sample(
            {
              db_system_name: 'postgresql',
              db_namespace: 'orders',
              db_operation_name: 'SELECT',
              db_collection_name: 'items',
            },
            1,
          ),
        ],
      ],
      [
        ['http_client', '_count'],
        [
          sample(
            { server_address: 'pay.internal', server_port: '8083', http_request_method: 'POST' },
            1,
          ),
        ],
      ],
      [
        ['messaging_process', '_count'],
        [sample({ messaging_system: 'kafka', messaging_destination_name: 'orders' }, 1)],
      ],
      [
        ['rpc_client', '_count'],
        [
          sample(
            {
              rpc_system_name: 'grpc',
              rpc_method: 'shop.Stock/Reserve',
              server_address: 'stock',
              server_port: '50051',
            },
            1,
          ),
        ],
      ],
      [
        ['rpc_server', '_count'],
        [sample({ rpc_system_name: 'grpc', rpc_method: 'shop.Pay/Charge' }, 1)],
      ],
      [
        ['component_operation', '_count'],
        [sample({ component_name: 'fraud', operation_name: 'score' }, 1)],
      ],
    )
    const names = readComponents(query, NOW_MS, 60_000).map(({ kind, component, operation }) => [
      kind,
      component,
      operation,
    ])
    expect(names).to.have.deep.members([
      ['database', 'postgresql orders', 'SELECT items'],
      ['peer', 'pay.internal:8083', 'POST'],
      ['messaging', 'kafka orders', 'process'],
      ['peer', 'grpc stock:50051', 'shop.Stock/Reserve'],
      ['route', 'shop.Pay/Charge', 'grpc'],
      ['component', 'fraud', 'score'],
    ])
  })

  it('leaves out what was not called, and asks nothing more about it', () => {
    const asked: string[] = []
    const query: QueryFunc = (expression) => {
      asked.push(expression)
      return expression.includes('http_server') ? [sample({ http_route: '/' }, 0)] : []
    }
    expect(readComponents(query, NOW_MS, 60_000)).to.deep.equal([])
    expect(asked.filter((expression) => expression.includes('histogram_quantile'))).to.deep.equal(
      [],
    )
  })

  it('puts first what takes the most time in all', () => {
    const query = answering(
      [
        ['http_server', '_count'],
        [sample({ http_route: '/rare' }, 1), sample({ http_route: '/often' }, 100)],
      ],
      [
        ['http_server', '_sum'],
        [sample({ http_route: '/rare' }, 2), sample({ http_route: '/often' }, 5)],
      ],
    )
    const order = readComponents(query, NOW_MS, 60_000).map(({ component }) => component)
    expect(order).to.deep.equal(['/often', '/rare'])
  })

  it('takes the mean for a quantile of a histogram without buckets', () => {
    const query = answering(
      [['http_server', 'histogram_quantile'], [sample({ http_route: '/' }, Number.NaN)]],
      [['http_server', '_sum'], [sample({ http_route: '/' }, 1)]],
      [['http_server', '_count'], [sample({ http_route: '/' }, 4)]],
    )
    expect(readComponents(query, NOW_MS, 60_000)[0]).to.include({
      meanSeconds: 0.25,
      p95Seconds: 0.25,
    })
  })
})
