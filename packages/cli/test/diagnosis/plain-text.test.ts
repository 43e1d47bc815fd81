import { expect } from 'chai'
import { plainText, wrap } from '../../src/diagnosis/plain-text.ts'

describe('plainText', () => {
  it('keeps the words of Markdown and drops its marks', () => {
    expect(
      plainText('## Do\n**Move** `work()` to a [worker](https://nodejs.org), *soon*.'),
    ).to.equal('Do\nMove work() to a worker, soon.')
  })

  it('leaves names with underscores and stars in arithmetic alone', () => {
    expect(plainText('http_server_request and 2*3 * 4')).to.equal('http_server_request and 2*3 * 4')
  })
})

describe('wrap', () => {
  it('breaks between words and never within one', () => {
    expect(wrap('one two threeeeeeee four', 8)).to.deep.equal(['one two', 'threeeeeeee', 'four'])
  })
})
