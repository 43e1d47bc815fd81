import { compileRegex, RegexSearch } from '@chokepoint/promql'
import { expect } from 'chai'

describe('a regular expression', () => {
  it('is anchored at both ends, and its dot matches newlines', () => {
    expect(compileRegex('a.*').test('a\nb')).to.equal(true)
    expect(compileRegex('b').test('abc')).to.equal(false)
    expect(compileRegex('a|bc').test('abc')).to.equal(false)
    expect(compileRegex('').test('')).to.equal(true)
  })

  it('knows the syntax of RE2', () => {
    expect(compileRegex('x(?i)PRO.*').test('xprod')).to.equal(true)
    expect(compileRegex('[[:alpha:]]+').test('abc')).to.equal(true)
    expect(compileRegex('(?P<first>.)-(.)').exec('a-b')?.groups?.first).to.equal('a')
    expect(() => compileRegex('(?=a)')).to.throw(SyntaxError)
    expect(() => compileRegex('a(')).to.throw(SyntaxError)
  })

  it('takes time linear in the value', () => {
    const began = performance.now()
    expect(compileRegex('(a|a)*b').test('a'.repeat(5000))).to.equal(false)
    expect(compileRegex('a*a*a*a*a*a*b').test('a'.repeat(500))).to.equal(false)
    expect(performance.now() - began).to.be.lessThan(10_000)
  })

  it('is found anywhere and replaced everywhere, by RE2 as well', () => {
    const search = new RegexSearch('(?i)(?P<first>a+)(b?)')
    expect(search.test('xxAb')).to.equal(true)
    expect(search.test('xx')).to.equal(false)
    const shown = search.replaceAll('aab-A', (match) => `<${match.groups?.first}|${match[2]}>`)
    expect(shown).to.equal('<aa|b>-<A|>')
    expect(new RegexSearch('x*').replaceAll('ab', () => '-')).to.equal('-a-b-')
    expect(() => new RegexSearch('(')).to.throw(SyntaxError, 'missing closing )')
    // A backtracking engine would need longer than the sun has.
    expect(new RegexSearch('(a+)+$').test(`${'a'.repeat(5000)}b`)).to.equal(false)
  })
})
