import { expect } from 'chai'
import { ShapeTable } from '../../src/app/call-shape.ts'
import { HttpClientMetrics, pathShape } from '../../src/app/http-client-metrics.ts'
import { createSharedMemory } from '../../src/shared/memory-layout.ts'
import { SeriesWriter } from '../../src/shared/series-writer.ts'

/** A path and its form without values. */
const CASES: readonly [path: string, shape: string][] = [
  ['/', '/'],
  ['/items/42?token=secret', '/items/{}'],
  ['/v1/users/ana/orders/9f8b6c5e-0000-4000-8000-000000000000', '/v1/users/ana/orders/{}'],
  ['/files/a%20secret.txt', '/files/{}'],
  ['/mail/ana@example.org', '/mail/{}'],
  [`/long/${'x'.repeat(33)}`, '/long/{}'],
  ['/a/b/c/d/e/f/g/h/i/j', '/a/b/c/d/e/f/g/h/…'],
]

describe('the form of a path', () => {
  for (const [path, shape] of CASES) {
    it(`of ${path.slice(0, 60)} is ${shape}`, () => {
      expect(pathShape(path)).to.equal(shape)
    })
  }
})

describe('the shapes of the calls to a peer', () => {
  it('are one for all values, and what is kept of 10,000 paths is bounded', () => {
    const writer = new SeriesWriter(createSharedMemory())
    const metrics = new HttpClientMetrics(writer, new ShapeTable(() => {}))
    const peer = metrics.peer('GET', 'payment', 8080)
    const shapes = new Set(
      Array.from({ length: 10_000 }, (_, id) => metrics.shape(peer, `/items/${id}`)),
    )
    expect([...shapes].map(({ shape }) => shape)).to.deep.equal(['GET /items/{}'])
    expect(peer.shapes.size).to.equal(32)
  })

  it('that find no room are counted each time', () => {
    const writer = new SeriesWriter(createSharedMemory())
    let drops = 0
    const metrics = new HttpClientMetrics(
      writer,
      new ShapeTable(() => {
        drops++
      }),
    )
    const peer = metrics.peer('GET', 'payment', 8080)
    for (let word = 0; word < 100; word++) {
      const name = String.fromCharCode(97 + (word % 26), 97 + Math.floor(word / 26))
      metrics.shape(peer, `/${name}`)
    }
    for (let time = 0; time < 5; time++) metrics.shape(peer, '/late')
    expect(drops).to.equal(5)
  })
})
