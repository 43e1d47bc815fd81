import { propagation } from '@opentelemetry/api'
import { expect } from 'chai'
import fc from 'fast-check'
import { formatBaggage, parseBaggage } from '../../src/app/baggage.ts'

describe('the baggage header', () => {
  it('is read with its percent-encoding and its properties', () => {
    const baggage = parseBaggage('user=J%C3%BCrgen , plan = gold;ttl=5;x , empty=')!
    expect(baggage.getEntry('user')?.value).to.equal('Jürgen')
    expect(baggage.getEntry('plan')?.value).to.equal('gold')
    expect(baggage.getEntry('plan')?.metadata?.toString()).to.equal('ttl=5;x')
    expect(baggage.getEntry('empty')?.value).to.equal('')
  })

  it('leaves out members that break the rules, and the whole when nothing is left', () => {
    expect(parseBaggage('=1,a b=2,ok=3,bad=%E0%A4%A')!.getAllEntries()).to.have.length(1)
    expect(parseBaggage('nothing')).to.equal(undefined)
    expect(parseBaggage(`a=${'x'.repeat(9000)}`)).to.equal(undefined)
    expect(parseBaggage('__proto__=1')!.getEntry('__proto__')?.value).to.equal('1')
  })

  it('stays within 180 members and 8192 bytes when it is written', () => {
    const entries = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`k${index}`, { value: 'v'.repeat(30) }]),
    )
    const header = formatBaggage(propagation.createBaggage(entries))!
    expect(header.split(',')).to.have.length(180)
    const long = { a: { value: 'x'.repeat(9000) }, b: { value: '1' } }
    expect(formatBaggage(propagation.createBaggage(long))).to.equal('b=1')
    expect(formatBaggage(propagation.createBaggage({}))).to.equal(undefined)
  })

  it('comes back as it was, whatever the values are', () => {
    const key = fc.stringMatching(/^[a-z*_-]{1,10}$/)
    const value = fc
      .string({ unit: 'grapheme', maxLength: 20 })
      .filter((text) => text.isWellFormed())
    fc.assert(
      fc.property(fc.dictionary(key, value, { minKeys: 1, maxKeys: 5 }), (values) => {
        const entries = Object.entries(values).map(([name, value]) => [name, { value }])
        const header = formatBaggage(propagation.createBaggage(Object.fromEntries(entries)))
        const back = parseBaggage(header)?.getAllEntries() ?? []
        expect(Object.fromEntries(back.map(([name, entry]) => [name, entry.value]))).to.deep.equal({
          ...values,
        })
      }),
    )
  })
})
