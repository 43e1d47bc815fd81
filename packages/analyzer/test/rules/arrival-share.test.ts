import { expect } from 'chai'
import { parseRuleFile } from '../../src/rules/rule-file.ts'
import { createRuleManager } from '../../src/rules/rule-manager.ts'

const RULES = `
groups:
  - name: g
    rules:
      - { record: cheap:load, expr: cheap }
      - { record: costly:load, expr: costly }
`

/** Counts evaluations of a rule of no cost and of one of `costMs`, when data comes each 20 ms for 10 s. */
function evaluations(arrivesUntilMs: number, costMs: number) {
  const counts = { cheap: 0, costly: 0 }
  let elapsedMs = 0
  const manager = createRuleManager({
    groups: parseRuleFile(RULES, 'rules.yml', { parse: () => undefined }),
    query: (expression) => {
      if (expression === 'cheap') counts.cheap++
      else {
        counts.costly++
        elapsedMs += costMs
      }
      return []
    },
    record: () => {},
    onTransition: () => {},
    metricNames: (expression) => [expression],
    stopwatch: () => elapsedMs,
  })
  for (let nowMs = 0; nowMs < 10_000; nowMs += 20) {
    const costly = nowMs < arrivesUntilMs ? ['costly'] : []
    manager.evaluateChanged(new Set(['cheap', ...costly]), nowMs)
  }
  return counts
}

describe('the share of arrivals', () => {
  it('is kept by a costly rule, and each arrival is looked at by a cheap one', () => {
    // The only costly rule has a quarter of the time, so 30 ms may be spent each 120 ms.
    expect(evaluations(10_000, 30)).to.deep.equal({ cheap: 500, costly: 85 })
  })

  it('is no reason to forget data that came while a rule waited', () => {
    // The second evaluation is at 20 ms; what came at 40 ms is looked at once the rule may be evaluated.
    expect(evaluations(60, 30).costly).to.equal(3)
  })

  it('is not given to a rule that would hold up all others: it waits for its interval', () => {
    // Twice, because one long evaluation may be a pause of the collector.
    expect(evaluations(10_000, 100)).to.deep.equal({ cheap: 500, costly: 2 })
  })
})
