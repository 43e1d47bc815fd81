import { expect } from 'chai'
import { renderMarkdown } from '../../../src/report/html/markdown.ts'

describe('renderMarkdown', () => {
  it('renders what a recommendation is written with', () => {
    const { text } = renderMarkdown('# Do\n\nUse **`a`**:\n\n- one\n\n```js\nlet x = 1 < 2\n```')
    expect(text).to.equal(
      '<h4>Do</h4>\n<p>Use <strong><code>a</code></strong>:</p>\n<ul>\n<li>one</li>\n</ul>\n<pre><code class="language-js">let x = 1 &lt; 2\n</code></pre>\n',
    )
  })

  it('lets no HTML, no image and no script link through', () => {
    const { text } = renderMarkdown(
      '<img src=x onerror=alert(1)> ![i](https://example.org/i.png) [l](javascript:alert(1))',
    )
    expect(text).not.to.match(/<img|href="javascript/)
    expect(text).to.contain('&lt;img src=x onerror=alert(1)&gt;')
    // An image becomes a link to it, which nothing follows by itself.
    expect(text).to.contain('!<a href="https://example.org/i.png" rel="noopener noreferrer">i</a>')
  })
})
