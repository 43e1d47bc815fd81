import type { Matcher } from '@chokepoint/promql'
import { expect } from 'chai'
import type { TenantStore } from '../../src/store/tenant-store.ts'
import { openStores } from './open-stores.ts'

const EVERYTHING: readonly Matcher[] = [{ name: '__name__', type: '=~', value: '.+' }]

describe('the choice of series', () => {
  let store: TenantStore

  beforeEach(async () => {
    store = (await openStores({ retentionMs: 1e15 })).tenant('a')
    for (const name of ['first', 'second']) {
      for (let shop = 0; shop < 1000; shop++) store.append(name, [['shop', `${shop}`]], 1000, shop)
    }
  })

  const found = (matchers: readonly Matcher[], seriesMax?: number) =>
    store.select(matchers, 0, 2000, seriesMax).length

  it('ends when it is certain that there are more than are wanted', () => {
    const first: readonly Matcher[] = [{ name: '__name__', type: '=', value: 'first' }]
    expect(found(first, 10)).to.equal(11)
    // Either family might have given the same label sets.
    expect(found(EVERYTHING, 10)).to.equal(21)
  })

  it('is whole when there are no more than are wanted', () => {
    expect(found(EVERYTHING, 2000)).to.equal(2000)
    expect(found(EVERYTHING)).to.equal(2000)
  })
})
