import { expect } from 'chai'
import { adviceGist } from '../../src/diagnosis/advice.ts'

const gist = (text: string) => adviceGist(text, 'It is slow')

describe('adviceGist', () => {
  it('takes the paragraph that says what to do', () => {
    expect(gist('# T\n\nIt is slow.\n\n**What to do**: ask `once`.\n\n1. **Other**')).to.deep.equal(
      ['ask once.'],
    )
  })

  it('else takes the openings of the first three steps', () => {
    expect(
      gist('It is slow.\n\n1. **One.** x\n2. **Two** y\n- **Three\nlines** z\n- **Four**'),
    ).to.deep.equal(['- One.', '- Two', '- Three\nlines'])
  })

  it('else takes the first paragraph that is not the summary again', () => {
    expect(gist('# Title\n\nIt is slow.\n\n```js\nx\n```\n\nMake it fast.')).to.deep.equal([
      'Make it fast.',
    ])
  })
})
