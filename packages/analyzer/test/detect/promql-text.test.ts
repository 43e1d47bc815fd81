import { expect } from 'chai'
import { durationText, increaseWithBirth, select } from '../../src/detect/promql-text.ts'

describe('PromQL text', () => {
  it('escapes what names from telemetry may hold', () => {
    expect(select('m', { a: 'say "hi"\\\n', b: { matches: '5..' }, c: { not: 'x' } })).to.equal(
      'm{a="say \\"hi\\"\\\\\\n",b=~"5..",c!~"x"}',
    )
    expect(select('m', { a: undefined })).to.equal('m')
  })

  it('writes durations as whole seconds or minutes', () => {
    expect([300_000, 57_400, 1, 60_000].map(durationText)).to.deep.equal(['5m', '57s', '1s', '1m'])
    expect(() => durationText(0)).to.throw('a window of 0 ms cannot be asked for')
  })

  it('writes the increase of counters that may be born in the window', () => {
    expect(increaseWithBirth('errors', '60s', 'requests')).to.equal(
      '((errors unless errors offset 60s) and on (job, instance) (group by (job, instance) (requests offset 60s) or min by (job, instance) (process_uptime_seconds) < 60) or increase(errors[60s]))',
    )
  })
})
