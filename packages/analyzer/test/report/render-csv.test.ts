import { expect } from 'chai'
import { buildReport } from '../../src/report/build-report.ts'
import { csvField, csvTexts } from '../../src/report/render-csv.ts'
import { bottleneck, sampleView } from './sample-view.ts'

/** RFC 4180, strictly: anything that it does not allow is an error. */
function parseCsv(text: string): string[][] {
  const records: string[][] = []
  let at = 0
  while (at < text.length) {
    const record: string[] = []
    for (;;) {
      const field = /"((?:[^"]|"")*)"|([^",\r\n]*)/y
      field.lastIndex = at
      const match = field.exec(text)!
      record.push(match[1]?.replaceAll('""', '"') ?? match[2]!)
      at = field.lastIndex
      if (text[at] !== ',') break
      at++
    }
    expect(text.slice(at, at + 2)).to.equal('\r\n')
    at += 2
    records.push(record)
  }
  return records
}

describe('the CSV report', () => {
  it('is one table: a header, and as many fields in every row', () => {
    const [header, ...rows] = parseCsv(
      [...csvTexts(buildReport(sampleView(), 900_000, '0.1.0'))].join(''),
    )
    expect(new Set(rows.map((row) => row.length))).to.deep.equal(new Set([header!.length]))
    const count = (section: string) => rows.filter(([first]) => first === section).length
    expect({
      bottleneck: count('bottleneck'),
      evidence: count('evidence'),
      recommendation: count('recommendation'),
      alert: count('alert'),
      component: count('component'),
      system: count('system'),
    }).to.deep.equal({
      bottleneck: 4,
      evidence: 4,
      recommendation: 3,
      alert: 3,
      component: 36,
      system: 27,
    })
  })

  it('keeps quotes, commas and line breaks of a text', () => {
    const summary = 'says "no", twice,\r\nand goes'
    const view = sampleView({ bottlenecks: () => [bottleneck({ summary })] })
    const rows = parseCsv([...csvTexts(buildReport(view, 900_000, '0.1.0'))].join(''))
    expect(rows[1]![rows[0]!.indexOf('text')]).to.equal(summary)
  })

  it('makes a text that begins like a formula inert, and leaves numbers alone', () => {
    expect(csvField('=HYPERLINK("https://example.org")')).to.equal(
      '"\'=HYPERLINK(""https://example.org"")"',
    )
    for (const text of ['+1', '-1', '@sum', '\tx', '\rx']) expect(csvField(text)).to.contain("'")
    expect(csvField(-1.5)).to.equal('-1.5')
    expect(csvField('/a=b')).to.equal('/a=b')
    expect(csvField(Number.NaN)).to.equal('')
  })
})
