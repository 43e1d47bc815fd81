import { expect } from 'chai'
import { durationOption, portOption, urlOption } from '../src/options.ts'

describe('durationOption', () => {
  it('reads one unit or several', () => {
    expect(['500ms', '30s', '1m30s', '1.5h'].map(durationOption)).to.deep.equal([
      500, 30_000, 90_000, 5_400_000,
    ])
  })

  it('refuses what is no duration over 0', () => {
    for (const text of ['', '30', '0s', '-1s', 's', '1m x']) {
      expect(() => durationOption(text), text).to.throw('Expected a duration over 0')
    }
  })
})

describe('portOption', () => {
  it('refuses what no port is', () => {
    expect(portOption('9490')).to.equal(9490)
    for (const text of ['', '65536', '-1', 'x', '1e3']) {
      expect(() => portOption(text), text).to.throw('Expected a port')
    }
  })
})

describe('urlOption', () => {
  it('takes an HTTP address without the slash at its end', () => {
    expect(urlOption('http://localhost:9490/')).to.equal('http://localhost:9490')
    expect(() => urlOption('localhost:9490')).to.throw('Expected an http:// or https:// address')
  })
})
