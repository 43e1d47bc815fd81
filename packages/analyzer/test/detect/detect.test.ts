import { expect } from 'chai'
import { shop, world } from './scenario/world.ts'

describe('detection', () => {
  for (const noise of [0, 0.2, 0.5]) {
    for (const [seconds, exportSeconds] of [
      [60, 1],
      [600, 15],
      [900, 60],
    ] as const) {
      it(`finds nothing on a healthy shop (noise ${noise}, ${seconds} s, export every ${exportSeconds} s)`, () => {
        const healthy = world({ services: shop(), seconds, exportSeconds, noise, seed: seconds })
        expect(healthy.found()).to.deep.equal([])
      })
    }
  }
})
