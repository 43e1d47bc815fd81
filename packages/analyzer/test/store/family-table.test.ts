import { expect } from 'chai'
import { FamilyTable, type Storage } from '../../src/store/family-table.ts'

const gauge = () => ({ type: 'gauge', help: '', unit: '' }) as const

describe('the table of families', () => {
  function made(
    ...rows: readonly (readonly [name: string, storage: Storage, streams: number[]])[]
  ) {
    const table = new FamilyTable()
    const families = rows.map(([name, storage, streams]) => {
      const family = table.of(name, storage, gauge)
      family.streams = streams
      return family
    })
    return { table, families }
  }

  it('finds a family by number, by name and by the names that queries use', () => {
    const { table, families } = made(['g', 'number', [0]], ['h', 'row', [1]])
    const [g, h] = families
    expect(table.of('g', 'number', gauge)).to.equal(g)
    expect(table.at(h!.number)).to.equal(h)
    expect(table.find('h', 'number')).to.equal(undefined)
    expect([...table.names()]).to.deep.equal(['g', 'h_bucket', 'h_sum', 'h_count'])
    expect(table.parts('h_sum')).to.deep.equal([{ family: h, part: '_sum' }])
  })

  it('gives the parts of all families that share a name', () => {
    const { table, families } = made(['h', 'row', [0]], ['h_count', 'number', [1]])
    expect(table.parts('h_count').map(({ family }) => family)).to.deep.equal(families)
    families[0]!.streams = []
    table.forgetEmpty(families)
    expect(table.parts('h_count')).to.deep.equal([{ family: families[1], part: 'all' }])
    expect([...table.names()]).to.deep.equal(['h_count'])
  })

  it('uses the number of a forgotten family again', () => {
    const { table, families } = made(['a', 'number', []], ['b', 'number', [0]])
    table.forgetEmpty(families)
    expect([...table.all()]).to.deep.equal([families[1]])
    expect(table.of('c', 'number', gauge).number).to.equal(families[0]!.number)
    expect(table.at(families[1]!.number)).to.equal(families[1])
  })

  it('forgets new families that got no stream, once', () => {
    const { table, families } = made(['a', 'number', []], ['b', 'number', [0]])
    table.forgetRefused()
    families[1]!.streams = []
    table.forgetRefused()
    expect([...table.names()]).to.deep.equal(['b'])
  })
})
