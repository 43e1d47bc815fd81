import { expect } from 'chai'
import { api } from './scenario/api.ts'
import { findingOf, findingsOf } from './scenario/finding.ts'
import { world } from './scenario/world.ts'

describe('instance.imbalance', () => {
  const sharing = (...rates: number[]) =>
    world({
      services: rates.map((rate, index) =>
        api(
          () => rate,
          () => 0.01,
          { instance: `i${index}` },
        ),
      ),
      seconds: 60,
    })

  it('names the instance that gets most', () => {
    const found = findingOf(sharing(20, 4, 5, 4), 'instance.imbalance')
    expect(found.resource['service.instance.id']).to.equal('i0')
  })

  it('is silent on the usual unevenness, on little load and on two instances', () => {
    for (const rates of [
      [8, 6, 5],
      [4, 1, 1],
      [20, 2],
    ]) {
      expect(findingsOf(sharing(...rates), 'instance.imbalance'), `${rates}`).to.deep.equal([])
    }
  })
})
