import { expect } from 'chai'
import type { AlertTransition } from '../../src/model/alert.ts'
import type { QuerySample } from '../../src/model/query.ts'
import { parseRuleFile, type RuleGroup } from '../../src/rules/rule-file.ts'
import { createRuleManager } from '../../src/rules/rule-manager.ts'

const SECOND = 1000

/** Groups of one file; expressions are not checked, because no engine is here. */
function groupsOf(yaml: string): readonly RuleGroup[] {
  return parseRuleFile(yaml, 'rules.yml', { parse: () => undefined })
}

/** A manager over answers that a test changes, with what it told and wrote. */
function harness(groups: readonly RuleGroup[]) {
  const answers = new Map<string, readonly QuerySample[]>()
  const steps: string[] = []
  const transitions: AlertTransition[] = []
  const recorded: string[] = []
  const manager = createRuleManager({
    groups,
    query: (expression) => {
      const answer = answers.get(expression)
      if (answer === undefined) throw new Error(`no answer for ${expression}`)
      return answer
    },
    record: (name, labels, timeMs, value) =>
      recorded.push(`${timeMs} ${name}${JSON.stringify(labels)} ${value}`),
    onTransition: (transition) => {
      transitions.push(transition)
      steps.push(`${Date.parse(transition.at) / SECOND} ${transition.from}>${transition.to}`)
    },
    intervalMs: 10 * SECOND,
    metricNames: (expression) => [expression],
    stopwatch: () => 0,
  })
  return { manager, answers, steps, transitions, recorded }
}

const HIGH = `
groups:
  - name: g
    rules:
      - alert: High
        expr: load
        for: 20s
        labels: { severity: critical }
        annotations: { summary: '{{ $labels.host }} is at {{ $value }}' }
`

describe('rule manager', () => {
  it('raises an alert after its condition held for as long as the rule asks, and resolves it', () => {
    const { manager, answers, steps, transitions } = harness(groupsOf(HIGH))
    answers.set('load', [{ labels: { __name__: 'load', host: 'a' }, value: 7 }])
    for (const at of [0, 10, 20, 30]) manager.evaluate(at * SECOND)
    expect(manager.alerts()).to.have.length(1)
    expect(manager.alerts()[0]).to.include({
      name: 'High',
      severity: 'critical',
      state: 'firing',
      value: 7,
    })
    expect(manager.alerts()[0]?.annotations).to.deep.equal({ summary: 'a is at 7' })
    expect(manager.alerts()[0]?.labels).to.deep.equal({
      host: 'a',
      severity: 'critical',
      alertname: 'High',
    })
    answers.set('load', [])
    manager.evaluate(40 * SECOND)
    expect(steps).to.deep.equal(['0 inactive>pending', '20 pending>firing', '40 firing>resolved'])
    expect(transitions[2]?.alert).to.include({
      state: 'resolved',
      resolvedAt: new Date(40_000).toISOString(),
    })
    expect(manager.alerts()).to.deep.equal([])
  })

  it('drops a pending alert whose condition breaks', () => {
    const { manager, answers, steps } = harness(groupsOf(HIGH))
    answers.set('load', [{ labels: { host: 'a' }, value: 7 }])
    manager.evaluate(0)
    answers.set('load', [])
    manager.evaluate(10 * SECOND)
    expect(steps).to.deep.equal(['0 inactive>pending', '10 pending>inactive'])
  })

  it('writes ALERTS and ALERTS_FOR_STATE, and ends a series that is no longer there', () => {
    const { manager, answers, recorded } = harness(groupsOf(HIGH.replace('20s', '10s')))
    answers.set('load', [{ labels: {}, value: 7 }])
    manager.evaluate(10 * SECOND)
    manager.evaluate(20 * SECOND)
    expect(recorded).to.deep.equal([
      '10000 ALERTS{"severity":"critical","alertname":"High","alertstate":"pending"} 1',
      '10000 ALERTS_FOR_STATE{"severity":"critical","alertname":"High"} 10',
      '20000 ALERTS{"severity":"critical","alertname":"High","alertstate":"firing"} 1',
      '20000 ALERTS_FOR_STATE{"severity":"critical","alertname":"High"} 10',
      '20000 ALERTS{"severity":"critical","alertname":"High","alertstate":"pending"} stale',
    ])
  })

  it('keeps an alert firing for as long as keep_firing_for says', () => {
    const yaml = HIGH.replace('for: 20s', 'keep_firing_for: 15s')
    const { manager, answers, steps } = harness(groupsOf(yaml))
    answers.set('load', [{ labels: {}, value: 7 }])
    manager.evaluate(0)
    answers.set('load', [])
    for (const at of [10, 20, 30]) manager.evaluate(at * SECOND)
    expect(steps).to.deep.equal(['0 inactive>firing', '30 firing>resolved'])
  })

  it('keeps the error of a rule with the rule and evaluates the others', () => {
    const { manager, answers } = harness(
      groupsOf(
        'groups: [{ name: g, rules: [{ record: a, expr: broken }, { record: b, expr: fine }] }]',
      ),
    )
    answers.set('fine', [{ labels: {}, value: 1 }])
    manager.evaluate(0)
    const [broken, fine] = manager.ruleGroups()[0]?.rules ?? []
    expect(broken).to.include({ health: 'err', lastError: 'no answer for broken' })
    expect(fine).to.include({ health: 'ok', lastError: '' })
  })
})
