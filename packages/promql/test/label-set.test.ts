import { compareLabelSets, LabelSet } from '@chokepoint/promql'
import { expect } from 'chai'

describe('a label set', () => {
  it('is sorted by name and has no empty values', () => {
    const labels = LabelSet.of({ b: '2', a: '1', c: '' })
    expect([...labels]).to.deep.equal([
      ['a', '1'],
      ['b', '2'],
    ])
    expect(labels.get('c')).to.equal('')
    expect(labels.has('c')).to.equal(false)
  })

  it('has the same key exactly when it is equal', () => {
    expect(LabelSet.of({ a: '1', b: '2' }).key).to.equal(LabelSet.of({ b: '2', a: '1' }).key)
    for (const separator of ['\xff', '\x00', '\x01', '\x02', '\x02a']) {
      const joined = LabelSet.of({ a: `1${separator}b${separator}2` })
      expect(joined.key).not.to.equal(LabelSet.of({ a: '1', b: '2' }).key)
    }
    expect(LabelSet.of({ a: '1b' }).key).not.to.equal(LabelSet.of({ a: '1', b: '' }).key)
  })

  it('gives the same object each time it drops its name', () => {
    const labels = LabelSet.of({ __name__: 'up', __type__: 'gauge', job: 'x' })
    expect(labels.withoutName()).to.equal(labels.withoutName())
    expect(labels.withoutName().toString()).to.equal('{job="x"}')
    const nameless = LabelSet.of({ job: 'x' })
    expect(nameless.withoutName()).to.equal(nameless)
  })

  it('sets, replaces and removes labels in order', () => {
    const labels = LabelSet.of({ b: '2' })
    expect(labels.with('a', '1').with('c', '3').toString()).to.equal('{a="1", b="2", c="3"}')
    expect(labels.with('b', '9').toString()).to.equal('{b="9"}')
    expect(labels.with('b', '').size).to.equal(0)
    expect(labels.with('b', '2')).to.equal(labels)
  })

  it('quotes what is no plain name', () => {
    expect(LabelSet.of({ 'ort.name': 'Zü"rich' }).toString()).to.equal('{"ort.name"="Zü\\"rich"}')
  })

  it('orders pair by pair, the shorter one first', () => {
    const [a, b, c] = [{ a: '1' }, { a: '1', b: '1' }, { a: '2' }].map((record) =>
      LabelSet.of(record),
    )
    expect([c!, b!, a!].sort(compareLabelSets)).to.deep.equal([a, b, c])
  })
})
