import { createEngine, MemorySource } from '@chokepoint/promql'
import { expect } from 'chai'
import { createQueryFunctions } from '../../src/query-functions.ts'
import { parseRuleFile } from '../../src/rules/rule-file.ts'
import { createRuleManager } from '../../src/rules/rule-manager.ts'
import { seeded } from './seeded.ts'

const METRICS = 10
const RULES = 60
const INTERVAL_MS = 15_000
const END_MS = 120_000

/** Recording and alerting rules over ten metrics, rules that read rules among them. */
const FILE = `
groups:
  - name: g
    rules:
${Array.from({ length: RULES }, (_, i) => {
  const metric = `m${i % METRICS}`
  if (i % 3 === 0) return `      - { record: 'r${i}', expr: 'sum by (host) (rate(${metric}[1m]))' }`
  if (i % 3 === 1) return `      - { alert: A${i}, expr: '${metric} > ${i * 7}' }`
  return `      - { alert: A${i}, expr: 'max(r${i - 2}) > 0.${i}' }`
}).join('\n')}
`

/** What rules wrote and told, evaluated by `evaluate` at each 100 ms; odd rules take long, as a made-up clock has it. */
function run(
  evaluate: (manager: ReturnType<typeof createRuleManager>, nowMs: number, came: string[]) => void,
) {
  const source = new MemorySource()
  const engine = createEngine()
  const asked = createQueryFunctions(engine, source)
  const random = seeded(11)
  const recorded = new Map<string, number | 'stale'>()
  let elapsedMs = 0
  const manager = createRuleManager({
    groups: parseRuleFile(FILE, 'rules.yml', { parse: () => undefined }),
    query: asked.whole,
    *queryInSteps(expression, atMs) {
      for (let rest = expression.includes('rate') ? 3 : 0; rest > 0; rest--) {
        elapsedMs += 4
        yield
      }
      return asked.whole(expression, atMs)
    },
    record: (name, labels, timeMs, value) => {
      source.add({ ...labels, __name__: name }, timeMs, value)
      if (typeof value !== 'object')
        recorded.set(`${timeMs} ${name} ${JSON.stringify(labels)}`, value)
    },
    onTransition: () => {},
    intervalMs: INTERVAL_MS,
    metricNames: (expression) => expression.match(/\b[mr]\d+\b/g) ?? [],
    stopwatch: () => elapsedMs,
  })
  for (let nowMs = 0; nowMs <= END_MS; nowMs += 100) {
    const came: string[] = []
    for (let i = 0; i < METRICS; i++) {
      if (random() > 0.1) continue
      const value = nowMs < END_MS / 2 ? nowMs / 100 + i : random() * 100
      for (const host of ['a', 'b'])
        source.add({ __name__: `m${i}`, host }, nowMs, value * (1 + Number(host === 'b')))
      came.push(`m${i}`)
    }
    evaluate(manager, nowMs, came)
  }
  const alerts = manager
    .alerts()
    .map(({ labels, value }) => `${JSON.stringify(labels)} ${value}`)
    .sort()
  const states = manager.ruleGroups().flatMap(({ rules }) => rules)
  return { source, engine, alerts, recorded, states }
}

describe('evaluation when data arrives', () => {
  const arrivals = run((manager, nowMs, came) => {
    // As the schedule has it: on arrival, then what waits, and all of it on the interval.
    manager.evaluateChanged(new Set(came), nowMs)
    for (const _ of manager.evaluateWaiting(nowMs) ?? []);
    if (nowMs % INTERVAL_MS === 0) manager.evaluate(nowMs + 1)
  })
  const intervals = run((manager, nowMs) => {
    if (nowMs % INTERVAL_MS === 0) manager.evaluate(nowMs + 1)
  })

  it('leaves no rule out, cheap or costly, and none fails', () => {
    expect(arrivals.states).to.have.length(RULES)
    for (const { name, health, lastEvaluationMs } of arrivals.states) {
      expect([name, health]).to.deep.equal([name, 'ok'])
      expect(lastEvaluationMs, name).to.be.at.least(END_MS)
    }
    // More than the interval would have had, and by all of the recording rules.
    expect(arrivals.recorded.size).to.be.above(2 * intervals.recorded.size)
  })

  it('comes to the same alerts as the interval alone', () => {
    expect(intervals.alerts).to.not.be.empty
    expect(arrivals.alerts).to.deep.equal(intervals.alerts)
  })

  it('records at each instant what the expression is at that instant', () => {
    const expressions = new Map(arrivals.states.map(({ name, query }) => [name, query]))
    let compared = 0
    for (const [key, value] of arrivals.recorded) {
      const [, time, name = '', labels] = /^(\d+) (\S+) (.*)$/.exec(key) ?? []
      if (!name.startsWith('r') || value === 'stale') continue
      const { value: answer } = arrivals.engine.instant(
        arrivals.source,
        expressions.get(name) ?? '',
        Number(time),
      )
      const samples = answer.type === 'vector' ? answer.samples : []
      const sample = samples.find((one) => JSON.stringify(one.labels.toRecord()) === labels)
      expect(sample?.value, key).to.equal(value)
      compared++
    }
    expect(compared).to.be.above(500)
  })
})
