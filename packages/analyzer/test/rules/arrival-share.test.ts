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
    query: () => [],
    *queryInSteps(expression) {
      if (expression === 'cheap') counts.cheap++
      else {
        counts.costly++
        for (let spentMs = 0; spentMs < costMs; spentMs += 10) {
          elapsedMs += 10
          yield
        }
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
    for (const _ of manager.evaluateWaiting(nowMs) ?? []);
  }
  return counts
}

describe('the share of arrivals', () => {
  it('is kept by a costly rule, and each arrival is looked at by a cheap one', () => {
    // The only costly rule has a tenth of the time, so 30 ms may be spent each 300 ms.
    expect(evaluations(10_000, 30)).to.deep.equal({ cheap: 500, costly: 35 })
  })

  it('is no reason to forget data that came while a rule waited', () => {
    // The second evaluation is at 20 ms; what came at 40 ms is looked at once the rule may be evaluated.
    expect(evaluations(60, 30).costly).to.equal(3)
  })

  it('is kept by a rule that takes very long, too: less often than its interval would', () => {
    // 900 ms are a tenth of 9 s; twice at once, because one long evaluation may be a pause of the collector.
    expect(evaluations(10_000, 900)).to.deep.equal({ cheap: 500, costly: 3 })
  })

  it('lets a long rule rest, and cheap ones be judged meanwhile', () => {
    const judged: string[] = []
    const manager = createRuleManager({
      groups: parseRuleFile(RULES, 'rules.yml', { parse: () => undefined }),
      query: () => [],
      *queryInSteps(expression) {
        if (expression === 'costly') for (let i = 0; i < 3; i++) yield
        judged.push(expression)
        return []
      },
      record: () => {},
      onTransition: () => {},
      metricNames: (expression) => [expression],
      // Each look at the watch is 4 ms later, so that a step takes long.
      stopwatch: (() => {
        let ms = 0
        return () => (ms += 4)
      })(),
    })
    manager.evaluateChanged(new Set(['costly']), 1000)
    const rest = manager.evaluateWaiting(1000)
    expect(judged).to.deep.equal([])
    rest?.next()
    manager.evaluateChanged(new Set(['cheap']), 1001)
    for (const _ of rest ?? []);
    expect(judged).to.deep.equal(['cheap', 'costly'])
  })
})
