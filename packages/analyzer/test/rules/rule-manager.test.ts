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
function harness(groups: readonly RuleGroup[], rests?: number, queryMs = 0) {
  let spentMs = 0
  const answers = new Map<string, readonly QuerySample[]>()
  const steps: string[] = []
  const transitions: AlertTransition[] = []
  const recorded: string[] = []
  const manager = createRuleManager({
    groups,
    query: (expression) => {
      spentMs += queryMs
      const answer = answers.get(expression)
      if (answer === undefined) throw new Error(`no answer for ${expression}`)
      return answer
    },
    ...(rests === undefined
      ? {}
      : {
          *queryInSteps(expression: string) {
            for (let i = 0; i < rests; i++) yield
            return answers.get(expression) ?? []
          },
        }),
    record: (name, labels, timeMs, value) =>
      recorded.push(`${timeMs} ${name}${JSON.stringify(labels)} ${value}`),
    onTransition: (transition) => {
      transitions.push(transition)
      steps.push(`${Date.parse(transition.at) / SECOND} ${transition.from}>${transition.to}`)
    },
    intervalMs: 10 * SECOND,
    metricNames: (expression) => [expression],
    stopwatch: () => spentMs,
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
  it('judges hundreds of alerts in steps, and lets new rules begin anew while it rests', () => {
    const groups = groupsOf(HIGH.replace('20s', '0s'))
    const { manager, answers, steps } = harness(groups)
    answers.set(
      'load',
      Array.from({ length: 500 }, (_, host) => ({ labels: { host: `${host}` }, value: 1 })),
    )
    const rests = [...manager.evaluateInSteps(0)].length
    expect(rests).to.be.greaterThan(20)
    expect(steps).to.have.length(500)

    // All of them are over, and the rule is replaced while that is judged.
    answers.set('load', [])
    steps.length = 0
    const pass = manager.evaluateInSteps(10 * SECOND)
    for (let i = 0; i < 3; i++) expect(pass.next().done).to.equal(false)
    expect(manager.alerts()).to.have.length(500)
    manager.replaceGroups(groupsOf(HIGH.replace('20s', '0s')))
    expect([...pass].length).to.be.lessThan(20)
    expect(steps).to.have.length(0)
    manager.evaluate(20 * SECOND)
    expect(new Set(steps)).to.deep.equal(new Set(['20 firing>resolved']))
    expect(steps).to.have.length(500)
  })

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
    expect(fine).to.include({ health: 'ok' })
    expect(fine).to.not.have.property('lastError')
  })

  it('waits for as long as is left after a restart, and does not fire twice', () => {
    const first = harness(groupsOf(HIGH))
    first.answers.set('load', [{ labels: { host: 'a' }, value: 7 }])
    first.manager.evaluate(0)
    first.manager.evaluate(10 * SECOND)
    const second = harness(groupsOf(HIGH))
    second.answers.set('load', [{ labels: { host: 'a' }, value: 7 }])
    second.manager.restore(JSON.parse(JSON.stringify(first.manager.state())))
    // A minute passes in which nobody watches; ten seconds of `for` were left before it and are after it.
    for (const at of [70, 80, 90]) second.manager.evaluate(at * SECOND)
    expect(second.steps).to.deep.equal(['80 pending>firing'])
    const third = harness(groupsOf(HIGH))
    third.answers.set('load', [])
    third.manager.restore(JSON.parse(JSON.stringify(second.manager.state())))
    third.manager.evaluate(100 * SECOND)
    expect(third.steps).to.deep.equal(['100 firing>resolved'])
    expect(third.recorded.join()).to.match(/ALERTS.*firing.* stale/)
  })

  it('keeps the alerts of rules that a reload leaves, and ends those of rules that are gone', () => {
    const { manager, answers, steps, recorded } = harness(groupsOf(HIGH.replace('20s', '0s')))
    answers.set('load', [{ labels: {}, value: 7 }])
    manager.evaluate(0)
    manager.replaceGroups(groupsOf(HIGH.replace('20s', '0s').replace('is at', 'has')))
    manager.evaluate(10 * SECOND)
    expect(manager.alerts()[0]).to.deep.include({
      annotations: { summary: ' has 7' },
      firedAt: new Date(0).toISOString(),
    })
    manager.replaceGroups([])
    manager.evaluate(20 * SECOND)
    expect(steps).to.deep.equal(['0 inactive>firing', '10 firing>resolved'])
    expect(recorded.at(-1)).to.match(/^20000 ALERTS_FOR_STATE.* stale$/)
  })

  it('evaluates at once what reads a metric that changed, and what reads the series that this writes', () => {
    const { manager, answers, steps } = harness(
      groupsOf(`
groups:
  - name: g
    rules:
      - { record: total, expr: load }
      - { alert: Other, expr: other }
      - { alert: High, expr: total }
`),
    )
    for (const name of ['load', 'other', 'total']) answers.set(name, [])
    manager.evaluate(0)
    for (const name of ['load', 'other', 'total']) answers.set(name, [{ labels: {}, value: 1 }])
    manager.evaluateChanged(new Set(['load']), 3 * SECOND)
    expect(steps).to.deep.equal(['3 inactive>firing'])
    expect(manager.alerts().map(({ name }) => name)).to.deep.equal(['High'])
  })

  it('leaves what takes longer than a moment for a turn, and then does it once and in order', () => {
    const rules = Array.from({ length: 8 }, (_, i) => `      - { record: r${i}, expr: load }`)
    const last = '      - { record: chained, expr: r7 }'
    const yaml = ['groups:', '  - name: g', '    rules:', ...rules, last].join('\n')
    const { manager, answers, recorded } = harness(groupsOf(yaml), undefined, 4)
    for (const name of ['load', 'r7']) answers.set(name, [{ labels: {}, value: 1 }])
    manager.evaluateChanged(new Set(['load']), 10 * SECOND)
    expect(recorded.length).to.equal(3)
    for (;;) {
      const steps = manager.evaluateWaiting(11 * SECOND)
      if (steps === undefined) break
      for (const _ of steps);
    }
    expect(recorded).to.deep.equal([
      ...[0, 1, 2].map((i) => `10000 r${i}{} 1`),
      ...[3, 4, 5, 6, 7].map((i) => `11000 r${i}{} 1`),
      '11000 chained{} 1',
    ])
  })

  it('gives the same alerts on arrival as on the interval at those instants', () => {
    const values = [1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0]
    const run = (
      evaluate: (manager: ReturnType<typeof harness>['manager'], nowMs: number) => void,
    ) => {
      const { manager, answers, steps, recorded } = harness(groupsOf(HIGH))
      for (const [index, value] of values.entries()) {
        answers.set('load', value === 0 ? [] : [{ labels: { host: 'a' }, value }])
        evaluate(manager, index * 10 * SECOND)
      }
      return { steps, recorded }
    }
    const byInterval = run((manager, nowMs) => manager.evaluate(nowMs))
    const onArrival = run((manager, nowMs) => manager.evaluateChanged(new Set(['load']), nowMs))
    expect(onArrival).to.deep.equal(byInterval)
    expect(onArrival.steps).to.include('40 pending>firing')
  })

  it('gives the same in steps, whatever is judged while a rule rests', () => {
    const two = `${HIGH}      - { record: copy, expr: other }\n`
    const values = [1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0]
    const run = (rests: number) => {
      const { manager, answers, steps, recorded } = harness(groupsOf(two), rests)
      for (const [index, value] of values.entries()) {
        answers.set('load', value === 0 ? [] : [{ labels: { host: 'a' }, value }])
        answers.set('other', [{ labels: {}, value: index }])
        let rest = 0
        for (const _ of manager.evaluateInSteps(index * 10 * SECOND)) {
          // Data of the other rule arrives between two steps.
          if (++rest === 2) manager.evaluateChanged(new Set(['other']), index * 10 * SECOND + 1)
        }
      }
      return { steps, high: recorded.filter((line) => line.includes('ALERTS')) }
    }
    expect(run(5)).to.deep.equal(run(0))
    expect(run(5).steps).to.include('40 pending>firing')
  })

  it('drops an evaluation that rested while newer data was judged', () => {
    const { manager, answers, steps } = harness(groupsOf(HIGH.replace('20s', '0s')), 3)
    answers.set('load', [{ labels: { host: 'a' }, value: 7 }])
    const pass = manager.evaluateInSteps(0)
    pass.next()
    for (const _ of manager.evaluateInSteps(10 * SECOND));
    answers.set('load', [])
    for (const _ of pass);
    expect(steps).to.deep.equal(['10 inactive>firing'])
  })

  it('writes many series in steps, and no other evaluation of the rule comes in between', () => {
    const copy = 'groups: [{ name: g, rules: [{ record: copy, expr: load }] }]'
    const { manager, answers, recorded } = harness(groupsOf(copy))
    const hosts = Array.from({ length: 200 }, (_, i) => ({ labels: { host: `h${i}` }, value: i }))
    answers.set('load', hosts)
    const pass = manager.evaluateInSteps(10 * SECOND)
    while (recorded.length === 0) pass.next()
    expect(recorded.length).to.be.lessThan(100)
    manager.evaluateChanged(new Set(['load']), 15 * SECOND)
    for (const _ of manager.evaluateInSteps(20 * SECOND));
    for (const _ of pass);
    expect(recorded).to.deep.equal(
      hosts.map(({ labels, value }) => `10000 copy${JSON.stringify(labels)} ${value}`),
    )
    for (const _ of manager.evaluateInSteps(30 * SECOND));
    expect(recorded.length).to.equal(400)
  })

  it('ends all alerts of a rule that gives more than the limit of its group', () => {
    const { manager, answers, steps } = harness(
      groupsOf(HIGH.replace('name: g', 'name: g\n    limit: 1').replace('20s', '0s')),
    )
    answers.set('load', [{ labels: { host: 'a' }, value: 7 }])
    manager.evaluate(0)
    answers.set(
      'load',
      ['a', 'b'].map((host) => ({ labels: { host }, value: 7 })),
    )
    manager.evaluate(10 * SECOND)
    expect(steps).to.deep.equal(['0 inactive>firing', '10 firing>resolved'])
    expect(manager.ruleGroups()[0]?.rules[0]).to.include({
      health: 'err',
      lastError: 'exceeded limit of 1 with 2 alerts',
    })
  })

  it('resolves at a level of its own when the rule has one', () => {
    const yaml = HIGH.replace(
      'expr: load',
      'expr: load > 0.9\n        resolve_threshold: 0.7',
    ).replace('20s', '0s')
    const { manager, answers, steps } = harness(groupsOf(yaml))
    const at = (second: number, load: number) => {
      const sample = { labels: {}, value: load }
      answers.set('load > 0.9', load > 0.9 ? [sample] : [])
      answers.set('load > 0.7', load > 0.7 ? [sample] : [])
      manager.evaluate(second * SECOND)
    }
    at(0, 0.8)
    at(10, 0.95)
    at(20, 0.8)
    at(30, 0.6)
    at(40, 0.8)
    expect(steps).to.deep.equal(['10 inactive>firing', '30 firing>resolved'])
  })

  it('learns the level of a label set before it is armed, and fires only beyond it', () => {
    const yaml = HIGH.replace('expr: load', 'expr: load > 0.5\n        learn_for: 60s').replace(
      '20s',
      '0s',
    )
    const { manager, answers, steps } = harness(groupsOf(yaml))
    const at = (second: number, load: number) => {
      const sample = { labels: {}, value: load }
      answers.set('load', [sample])
      answers.set('load > 0.5', load > 0.5 ? [sample] : [])
      manager.evaluate(second * SECOND)
    }
    // This service always runs at 0.6 to 0.7: over the threshold, and normal for it.
    for (let second = 0; second <= 120; second += 10) at(second, second % 20 === 0 ? 0.6 : 0.7)
    expect(steps).to.deep.equal([])
    at(130, 0.95)
    expect(steps).to.deep.equal(['130 inactive>firing'])
    const restarted = harness(groupsOf(yaml))
    restarted.manager.restore(JSON.parse(JSON.stringify(manager.state())))
    expect(restarted.manager.state().rules[0]?.learned?.[0]?.count).to.equal(6)
  })

  it('marks an alert that fires and resolves again and again as flapping, until it is steady', () => {
    const { manager, answers, transitions } = harness(groupsOf(HIGH.replace('20s', '0s')))
    for (let index = 0; index < 8; index++) {
      answers.set('load', index % 2 === 0 ? [{ labels: {}, value: 7 }] : [])
      manager.evaluate(index * 10 * SECOND)
    }
    expect(transitions.map(({ alert }) => alert.flapping === true)).to.deep.equal([
      false,
      false,
      false,
      false,
      false,
      true,
      true,
      true,
    ])
    answers.set('load', [{ labels: {}, value: 7 }])
    manager.evaluate(7200 * SECOND)
    expect(transitions.at(-1)?.alert).to.not.have.property('flapping')
  })

  it('refuses more rules than the limit', () => {
    const options = {
      query: () => [],
      record: () => undefined,
      onTransition: () => undefined,
      limits: { rulesMax: 1, alertsMax: 1 },
    }
    const groups = groupsOf(
      'groups: [{ name: g, rules: [{ record: a, expr: x }, { record: b, expr: x }] }]',
    )
    expect(() => createRuleManager({ ...options, groups })).to.throw(
      'cannot use 2 rules: the limit rulesMax is 1',
    )
  })

  it('writes no second value at one millisecond when an arrival falls on the interval', () => {
    const { manager, answers, recorded } = harness(groupsOf(HIGH.replace('20s', '0s')))
    answers.set('load', [{ labels: {}, value: 7 }])
    manager.evaluate(0)
    answers.set('load', [])
    manager.evaluateChanged(new Set(['load']), 0)
    const ends = recorded.filter((line) => line.endsWith('stale'))
    expect(ends).to.have.length(2)
    expect(ends.every((line) => line.startsWith('1 '))).to.equal(true)
  })
})
