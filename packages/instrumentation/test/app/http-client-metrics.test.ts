import { expect } from 'chai'
import { pathShape } from '../../src/app/http-client-metrics.ts'

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
