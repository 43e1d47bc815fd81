import { resourceFromAttributes } from '@opentelemetry/resources'
import { expect } from 'chai'
import { JsonSpans, ProtobufSpans } from '../../../src/app/span-forms.ts'
import type { SpanRecord } from '../../../src/shared/messages.ts'
import { SERIALIZERS } from '../../../src/watch/export/encoding.ts'
import {
  JsonSpanRequest,
  ProtobufSpanRequest,
  toReadableSpan,
} from '../../../src/watch/export/span-request.ts'
import { readWire, type WireTree } from './wire-tree.ts'

const RESOURCE = resourceFromAttributes({ 'service.name': 'shop', 'process.pid': 42, empty: '' })

/** The messages inside an ExportTraceServiceRequest. */
const MESSAGES = new Set(
  [
    '1',
    '1.1',
    '1.2',
    '1.2.1',
    '1.2.2',
    '1.2.2.11',
    '1.2.2.13',
    '1.2.2.15',
    ...['1.1.1', '1.2.2.9', '1.2.2.11.3', '1.2.2.13.4'].flatMap((key) => [
      key,
      `${key}.2`,
      `${key}.2.5`,
    ]),
  ].sort(),
)

function record(more: Partial<SpanRecord> = {}): SpanRecord {
  return {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    name: 'GET /items/:id',
    kind: 1,
    startMs: 1_790_000_000_123.25,
    endMs: 1_790_000_000_124.5,
    attributes: {},
    status: 0,
    scope: 'chokepoint',
    ...more,
  }
}

const LONG = 'x'.repeat(70)
const CASES: Readonly<Record<string, SpanRecord>> = {
  'with nothing but what it must have': record(),
  'with a parent, near or far': record({ parentSpanId: '00f067aa0ba902b7', parentIsRemote: true }),
  'with a trace state': record({ parentSpanId: '00f067aa0ba902b7', traceState: 'a=1,b=2' }),
  'with texts of all lengths and letters': record({
    name: 'ü'.repeat(50),
    attributes: {
      empty: '',
      short: 'é€😀',
      long: LONG,
      longer: LONG.repeat(300),
      wide: '€'.repeat(90),
      [LONG]: 'a long key',
      lone: '\ud800',
    },
  }),
  'with numbers of all kinds': record({
    attributes: {
      zero: 0,
      one: 1,
      byte: 128,
      big: 2 ** 40 + 1,
      safe: Number.MAX_SAFE_INTEGER,
      negative: -7,
      most: Number.MIN_SAFE_INTEGER,
      part: 0.1,
      negativePart: -1.5e-7,
      infinite: Number.POSITIVE_INFINITY,
    },
  }),
  'with booleans and lists': record({
    attributes: { yes: true, no: false, texts: ['a', 'ü', LONG], numbers: [1, 2.5, -3], none: [] },
  }),
  'with events and links': record({
    events: [
      { name: 'exception', timeMs: 1_790_000_000_123.5, attributes: { 'exception.type': 'E' } },
      { name: 'bare', timeMs: 1_790_000_000_124 },
    ],
    links: [
      { traceId: '0AF7651916CD43DD8448EB211C80319C', spanId: 'b7ad6b7169203331' },
      {
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        spanId: 'ffffffffffffffff',
        attributes: { a: 1 },
      },
    ],
  }),
  'with attributes that others have, too': record({
    common: { 'db.system.name': 'postgresql', 'server.port': 5432 },
    attributes: { 'error.type': '_OTHER' },
  }),
  'that failed': record({ status: 2, statusMessage: 'no more items' }),
  'at the end of a second': record({ startMs: 1_790_000_000_999.9995, endMs: 4_294_967_296_000.5 }),
}

interface JsonRequest {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly { readonly attributes: readonly { readonly key: string }[] }[]
    }[]
  }[]
}

function written(records: readonly SpanRecord[]): Uint8Array {
  const spans = new ProtobufSpans()
  for (const one of records) spans.add(one)
  const request = new ProtobufSpanRequest(RESOURCE)
  request.add(spans.batch())
  return request.take()
}

const theirs = (records: readonly SpanRecord[]): Uint8Array =>
  SERIALIZERS.traces.protobuf.serializeRequest(records.map((one) => toReadableSpan(one, RESOURCE)))!

const tree = (bytes: Uint8Array): WireTree => readWire(bytes, MESSAGES)

describe('spans that the app thread writes', () => {
  for (const [name, span] of Object.entries(CASES)) {
    it(`are what OpenTelemetry's own serializer writes, for a span ${name}`, () => {
      expect(tree(written([span]))).to.deep.equal(tree(theirs([span])))
    })
  }

  it('are grouped by their scope, whatever their order', () => {
    const records = [
      record(),
      record({ scope: 'app', scopeVersion: '1.2.3', name: 'one' }),
      record({ name: 'between' }),
      record({ scope: 'app', scopeVersion: '1.2.3', name: 'two' }),
      record({ scope: 'app', name: 'without a version' }),
    ]
    const [[, resourceSpans]] = tree(written(records)) as [[number, WireTree]]
    const scopes = resourceSpans
      .filter(([key]) => key === 0x12)
      .map(([, inner]) => inner as WireTree)
    expect(scopes.map((inner) => inner.filter(([key]) => key === 0x12).length)).to.deep.equal([
      2, 2, 1,
    ])
  })

  it('can be gathered again after they were sent', () => {
    const spans = new ProtobufSpans()
    const request = new ProtobufSpanRequest(RESOURCE)
    for (const round of [1, 2]) {
      for (const one of Object.values(CASES)) spans.add(one)
      request.add(spans.batch())
      spans.clear()
      expect(spans.bytes).to.equal(0)
      expect(request.count).to.equal(Object.keys(CASES).length, `round ${round}`)
      expect(request.take()).to.deep.equal(written(Object.values(CASES)))
    }
  })

  it('are taken as JSON too, when a worker thread sends them so', () => {
    const request = new ProtobufSpanRequest(RESOURCE)
    request.add({ count: 1, json: JSON.stringify([CASES['that failed']]) })
    expect(request.take()).to.deep.equal(written([CASES['that failed']!]))
  })

  it('have no attribute that is undefined', () => {
    const own = { attributes: { here: 1, absent: undefined } }
    expect(written([record(own)])).to.deep.equal(written([record({ attributes: { here: 1 } })]))
  })

  it('say the same as JSON', () => {
    const spans = new JsonSpans()
    const request = new JsonSpanRequest(RESOURCE, () => {})
    const wanted = CASES['with attributes that others have, too']!
    spans.add(wanted)
    request.add(spans.batch())
    const told = JSON.parse(Buffer.from(request.take()!).toString()) as JsonRequest
    const { attributes } = told.resourceSpans[0]!.scopeSpans[0]!.spans[0]!
    expect(attributes.map(({ key }) => key)).to.have.members([
      ...Object.keys(wanted.common!),
      ...Object.keys(wanted.attributes),
    ])
  })

  it('are counted as dropped where the receiver is sent JSON', () => {
    let dropped = 0
    const request = new JsonSpanRequest(RESOURCE, (spans) => {
      dropped += spans
    })
    const spans = new ProtobufSpans()
    spans.add(record())
    request.add(spans.batch())
    expect([dropped, request.count]).to.deep.equal([1, 0])
  })
})
