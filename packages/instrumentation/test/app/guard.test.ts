import { expect } from 'chai'
import { guarded } from '../../src/app/guard.ts'

describe('a guarded function', () => {
  it('keeps its errors from whoever calls it, and hands on this and the arguments', () => {
    const told: unknown[] = []
    const wrong = new Error('ours')
    const work = guarded(
      (error) => told.push(error),
      function (this: { sum: number }, more: number) {
        if (more < 0) throw wrong
        this.sum += more
      },
    )
    const counter = { sum: 1 }
    work.call(counter, 2)
    work.call(counter, -1)
    expect(counter.sum).to.equal(3)
    expect(told).to.deep.equal([wrong])
  })
})
