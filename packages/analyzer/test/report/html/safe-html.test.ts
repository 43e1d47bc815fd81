import { expect } from 'chai'
import { html, scriptJson } from '../../../src/report/html/safe-html.ts'

describe('html', () => {
  it('escapes every value and keeps what is HTML already', () => {
    const inner = html`<b title="${'"x"'}">${"<i>&'"}</b>`
    expect(html`<p>${inner}${[1, html`<br>`]}${false}${null}${undefined}</p>`.text).to.equal(
      '<p><b title="&quot;x&quot;">&lt;i&gt;&amp;&#39;</b>1<br></p>',
    )
  })
})

describe('scriptJson', () => {
  it('cannot end its element, and reads back as it was', () => {
    const data = { text: '</script><!-- \u2028\u2029' }
    const { text } = scriptJson(data)
    expect(text).not.to.match(/[<\u2028\u2029]/)
    expect(JSON.parse(text)).to.deep.equal(data)
  })
})
