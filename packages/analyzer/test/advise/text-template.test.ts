import { expect } from 'chai'
import { parseText, renderText } from '../../src/advise/text-template.ts'
import { bottleneck } from './bottlenecks.ts'

const render = (source: string, rest = {}) =>
  renderText(parseText('test.md', source), bottleneck(rest))

describe('texts of recommendations', () => {
  it('put names and numbers into title and body', () => {
    const source =
      '# Speed up {{component}}\n\n{{summary}}: {{evidence.0.value}} over {{evidence.0.threshold}}, saves {{impact.saving}}.\n'
    expect(render(source)).to.deep.equal({
      title: 'Speed up payment:7001',
      text: 'shop waits for payment:7001: 480 ms over 300 ms, saves 212 ms.',
    })
  })

  it('leave out a section whose value is not there, with its line breaks', () => {
    const source = '# T\n\nbefore\n{{#frame}}\nin {{frame}}\n{{/frame}}\nafter\n'
    expect(render(source).text).to.equal('before\nafter')
    const profile = { frames: [{ function: 'price', file: 'a.js', line: 3, share: 0.9 }] }
    expect(render(source, { profile }).text).to.equal('before\nin `price` (a.js:3)\nafter')
  })

  it('show what is for one kind of dependency only for that kind', () => {
    const source =
      '# T\n\n{{#sql}}\nEXPLAIN {{sql}}\n{{/sql}}\n{{^database}}\nno database\n{{/database}}\n'
    const on = (system: string) => ({ resource: { 'db.system.name': system } })
    expect(render(source).text).to.equal('no database')
    expect(render(source, on('postgresql')).text).to.equal('EXPLAIN postgresql')
    expect(render(source, on('redis')).text).to.equal('')
  })

  it('show each claim with its query', () => {
    expect(render('# T\n\n{{evidence}}\n').text).to.equal(
      '- p95: **480 ms** (threshold 300 ms)\n  `p95_of_payment`',
    )
  })

  it('do not let a name from telemetry break out of its place', () => {
    expect(render('# T\n\n`{{component}}`', { component: 'a`b\n# c' }).text).to.equal("`a'b # c`")
  })

  it('refuse what they do not know, with file and line', () => {
    const refusals = [
      ['no title', 'its first line is not a title (# …)'],
      ['# T\n\n{{sumary}}', 'there is no placeholder {{sumary}}'],
      ['# T\n\n{{evidence.0.vlaue}}', 'there is no placeholder {{evidence.0.vlaue}}'],
      ['# T\n\n{{#frames}}', 'the section {{#frames}} is not closed'],
      ['# T\n\n{{/frames}}', '{{/frames}} closes a section that is not open'],
    ]
    for (const [source = '', why] of refusals) {
      expect(() => parseText('test.md', source), source).to.throw(/^cannot use the text test\.md/)
      expect(() => parseText('test.md', source), source).to.throw(why)
    }
    expect(() => parseText('test.md', '# T\n\na\n{{b}}')).to.throw('at line 4')
  })

  it('refuse a value that the bottleneck does not have', () => {
    expect(() => render('# T\n\n{{evidence.3.value}}')).to.throw(
      'cannot use the text test.md: a dependency.slow without evidence.3.value has no {{evidence.3.value}}',
    )
  })
})
