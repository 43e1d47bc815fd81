import { createEngine, listFunctions, MemorySource } from '@chokepoint/promql'
import { expect } from 'chai'
import { VECTOR_FUNCTIONS } from '../../src/evaluate/vector-calls.ts'
import { RANGE_FUNCTIONS } from '../../src/functions/range-functions.ts'

const ARGUMENTS = { scalar: '0.5', string: '"l"', vector: 'm', matrix: 'm[1m]' }

describe('the table of functions', () => {
  it('has an implementation for every row, which takes what the row says', () => {
    const source = new MemorySource()
    for (let i = 0; i < 5; i++) source.add({ __name__: 'm', l: 'x' }, i * 15_000, i)
    const engine = createEngine({ experimental: true })
    for (const { name, args, returns } of listFunctions()) {
      const optional = name === 'info' ? 1 : args.length
      const texts = args.slice(0, optional).map((type) => ARGUMENTS[type])
      if (name === 'label_replace') texts[4] = '"(.*)"'
      const query = `${name}(${texts.join(', ')})`
      const { value } = engine.instant(source, query, 60_000)
      expect(value.type, query).to.equal(returns)
    }
  })

  it('knows no implementation without a row', () => {
    const rows = new Set(listFunctions().map(({ name }) => name))
    const implemented = [...Object.keys(RANGE_FUNCTIONS), ...Object.keys(VECTOR_FUNCTIONS)]
    expect(implemented.filter((name) => !rows.has(name))).to.deep.equal([])
  })

  it('is ordered by name', () => {
    const names = listFunctions().map(({ name }) => name)
    expect(names).to.deep.equal([...names].sort())
  })
})
