import type { Attributes } from '@opentelemetry/api'
import { expect } from 'chai'
import { ShapeTable } from '../../src/app/call-shape.ts'
import { DbMetrics } from '../../src/app/db-metrics.ts'
import { SpanCalls } from '../../src/app/span-calls.ts'
import { SPAN_KIND, type SpanView } from '../../src/app/span-view.ts'
import { createSharedMemory } from '../../src/shared/memory-layout.ts'
import { SeriesReader } from '../../src/shared/series-reader.ts'
import { SeriesWriter } from '../../src/shared/series-writer.ts'

function measured() {
  const writer = new SeriesWriter(createSharedMemory())
  const shapes = new ShapeTable(() => {})
  const calls = new SpanCalls(writer, new DbMetrics(writer, shapes), shapes)
  const recorded = (): [string, object][] =>
    [...new SeriesReader(writer.memory).read()].map(({ instrument, attributes }) => [
      instrument.row.name,
      attributes,
    ])
  return { calls, recorded }
}

const span = (
  kind: keyof typeof SPAN_KIND,
  attributes: Attributes,
  more: Partial<SpanView> = {},
): SpanView => ({ name: 'name', scope: 'scope', kind: SPAN_KIND[kind], attributes, ...more })

const shapeOf = (view: SpanView): string | undefined => {
  const shape = measured().calls.callOf(view)?.shape
  return shape === undefined ? undefined : `${shape.kind} | ${shape.target} | ${shape.shape}`
}

describe('a span of an instrumentation is a call', () => {
  it('of a database, by old names and new', () => {
    const old = { 'db.system': 'mysql', 'db.name': 'shop', 'db.statement': "SELECT 'x' FROM t" }
    const now = {
      'db.system.name': 'mysql',
      'db.namespace': 'shop',
      'db.query.text': "SELECT 'x' FROM t",
    }
    expect(shapeOf(span('client', old))).to.equal('db | mysql shop | SELECT ? FROM t')
    expect(shapeOf(span('client', now))).to.equal('db | mysql shop | SELECT ? FROM t')
  })

  it('of a cache, by its command alone', () => {
    const attributes = { 'db.system': 'redis', 'db.statement': 'set key secret' }
    expect(shapeOf(span('client', attributes, { name: 'redis-set' }))).to.equal(
      'cache | redis | SET',
    )
  })

  it('of a broker, when somebody waits for it', () => {
    const kafka = { 'messaging.system': 'kafka', 'messaging.destination.name': 'orders' }
    expect(shapeOf(span('producer', kafka))).to.equal('messaging | kafka orders | send')
    const poll = { ...kafka, 'messaging.operation.type': 'receive' }
    expect(shapeOf(span('client', poll))).to.equal(undefined)
    expect(shapeOf(span('consumer', kafka))).to.equal(undefined)
    const sqs = { ...poll, 'messaging.system': 'aws_sqs', 'rpc.system': 'aws-api' }
    expect(shapeOf(span('consumer', sqs))).to.equal('messaging | aws_sqs orders | receive')
  })

  it('to a queue whose name a broker has made up, under one name', () => {
    const attributes = {
      'messaging.system': 'rabbitmq',
      'messaging.destination': '',
      'messaging.rabbitmq.routing_key': 'amq.gen-JzTY20BRgKO-HjmUJj0wLg',
    }
    expect(shapeOf(span('producer', attributes))).to.equal(
      'messaging | rabbitmq (temporary) | send',
    )
  })

  it('of a remote procedure, as soon as its name is known', () => {
    expect(shapeOf(span('client', { 'rpc.system': 'grpc' }))).to.equal(undefined)
    const known = { 'rpc.system': 'grpc', 'rpc.service': 'shop.Stock', 'rpc.method': 'Reserve' }
    expect(shapeOf(span('client', known))).to.equal('http | grpc shop.Stock | shop.Stock/Reserve')
  })

  it('only once, when a driver beneath shows it, too', () => {
    const knex = { scope: '@opentelemetry/instrumentation-knex' }
    const of = (system: string): string | undefined =>
      shapeOf(span('client', { 'db.system.name': system, 'db.operation.name': 'select' }, knex))
    expect(of('postgresql')).to.equal(undefined)
    expect(of('mysql2')).to.equal(undefined)
    // Nothing else would show this one.
    expect(of('sqlite')).to.equal('db | sqlite | select')
  })

  it('or none, when it is of the app itself', () => {
    expect(shapeOf(span('client', { 'shop.order': 7 }))).to.equal(undefined)
    expect(shapeOf(span('server', { 'db.system': 'mysql' }))).to.equal(undefined)
  })
})

describe('what a span has served is recorded', () => {
  it("as a procedure whose fault is the server's or the client's", () => {
    const { calls, recorded } = measured()
    for (const code of [0, 5, 13]) {
      const attributes = {
        'rpc.system': 'grpc',
        'rpc.service': 'shop.Stock',
        'rpc.method': 'Reserve',
        'rpc.grpc.status_code': code,
      }
      calls.recordServed(span('server', attributes), 3, code === 0 ? undefined : '_OTHER')
    }
    const procedure = { 'rpc.system.name': 'grpc', 'rpc.method': 'shop.Stock/Reserve' }
    expect(recorded()).to.deep.equal([
      ['rpc.server.call.duration', { ...procedure, 'rpc.status_code': 'OK' }],
      ['rpc.server.call.duration', { ...procedure, 'rpc.status_code': 'NOT_FOUND' }],
      [
        'rpc.server.call.duration',
        { ...procedure, 'rpc.status_code': 'INTERNAL', 'error.type': 'INTERNAL' },
      ],
    ])
  })

  it('as a message, under the queue that it came from', () => {
    const { calls, recorded } = measured()
    const attributes = { 'messaging.system': 'rabbitmq', 'messaging.destination': 'exchange' }
    calls.recordServed(span('consumer', attributes, { name: 'orders process' }), 3, 'TypeError')
    expect(recorded()).to.deep.equal([
      [
        'messaging.process.duration',
        {
          'messaging.system': 'rabbitmq',
          'messaging.destination.name': 'orders',
          'error.type': 'TypeError',
        },
      ],
    ])
  })
})
