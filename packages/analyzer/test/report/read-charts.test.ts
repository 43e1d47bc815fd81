import { expect } from 'chai'
import type { QueryRangeFunc } from '../../src/model/query.ts'
import { readCharts } from '../../src/report/read-charts.ts'

const END_MS = 1_700_000_003_500

describe('readCharts', () => {
  it('takes the shortest rate window that has an answer', () => {
    const asked: string[] = []
    const range: QueryRangeFunc = (expression, startMs) => {
      asked.push(expression)
      return expression.includes('[2m]') ? [{ labels: { job: 'a' }, points: [[startMs, 1]] }] : []
    }
    const charts = readCharts(range, END_MS, 900_000)
    expect(charts.map(({ title }) => title)).to.deep.equal([
      'Request rate',
      'Response time, p95',
      'Error rate',
      'Database calls, p95',
    ])
    expect(charts[0]!.query).to.contain('[2m]')
    expect(asked.filter((expression) => expression.includes('[5m]'))).to.deep.equal([])
  })

  it('asks at whole steps, at most 181 of them', () => {
    const steps: number[][] = []
    readCharts(
      (_query, ...range) => {
        steps.push(range)
        return []
      },
      END_MS,
      900_000,
    )
    const [startMs, endMs, stepMs] = steps[0]!
    expect([startMs! % stepMs!, endMs! % stepMs!, stepMs]).to.deep.equal([0, 0, 5000])
    expect((endMs! - startMs!) / stepMs!).to.be.at.most(180)
  })

  it('leaves out what cannot be drawn, and keeps the eight highest lines', () => {
    const range: QueryRangeFunc = (expression, startMs) =>
      expression.includes('v8js')
        ? Array.from({ length: 12 }, (_, line) => ({
            labels: { job: `j${String(line).padStart(2, '0')}` },
            points: [
              [startMs, line],
              [startMs + 1000, Number.NaN],
            ] as const,
          }))
        : [{ labels: { job: 'a' }, points: [[startMs, Number.POSITIVE_INFINITY]] }]
    const charts = readCharts(range, END_MS, 60_000)
    expect(charts.map(({ title }) => title)).to.deep.equal(['Heap in use'])
    expect(charts[0]!.series.map(({ labels }) => labels.job)).to.deep.equal([
      'j04',
      'j05',
      'j06',
      'j07',
      'j08',
      'j09',
      'j10',
      'j11',
    ])
    expect(charts[0]!.series.every(({ points }) => points.length === 1)).to.equal(true)
  })
})
