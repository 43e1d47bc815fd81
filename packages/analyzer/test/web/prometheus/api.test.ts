import { MemorySource } from '@chokepoint/promql'
import { expect } from 'chai'
import { ChokepointError } from '../../../src/model/errors.ts'
import type { RuleGroupStatus } from '../../../src/model/rule-status.ts'
import type { PrometheusPort, QueryAnswer } from '../../../src/web/ports.ts'
import { alert, NOW_MS } from '../../report/sample-view.ts'
import { answered, fixedPort, selectFrom, startWeb, vector } from '../web-fixture.ts'

interface Asked {
  readonly status: number
  readonly body: Record<string, unknown> & { readonly data?: never }
}

/** Asks a server over this port for each path, all in one run of it. */
async function asking<Answer>(
  port: Partial<PrometheusPort>,
  use: (get: (path: string, init?: RequestInit) => Promise<Asked>) => Promise<Answer>,
): Promise<Answer> {
  const { server, url } = await startWeb({ prometheus: () => fixedPort(port) })
  try {
    return await use(async (path, init) => {
      const response = await fetch(`${url}/api/v1/${path}`, init)
      return { status: response.status, body: (await response.json()) as Asked['body'] }
    })
  } finally {
    await server.close()
  }
}

const failure = (error: string) => ({ status: 'error', errorType: 'bad_data', error })

function sourceOf(...series: readonly Readonly<Record<string, string>>[]): MemorySource {
  const source = new MemorySource()
  for (const labels of series) source.add(labels, NOW_MS, 1)
  return source
}

describe('the Prometheus API', () => {
  it('evaluates an instant query at the time given, by GET and by POST', async () => {
    const times: number[] = []
    const query: PrometheusPort['query'] = (_expression, atMs) => {
      times.push(atMs)
      return answered(() => vector([{ __name__: 'up' }, 1]))
    }
    await asking({ query }, async (get) => {
      await get('query?query=up')
      await get('query?query=up&time=1435781451.781')
      await get('query?query=up&time=2015-07-01T20:10:51.781Z')
      const { body } = await get('query', {
        method: 'POST',
        body: new URLSearchParams({ query: 'up', time: '1435781451.781' }),
      })
      expect(body.data).to.deep.equal({
        resultType: 'vector',
        result: [{ metric: { __name__: 'up' }, value: [NOW_MS / 1000, '1'] }],
      })
    })
    expect(times).to.deep.equal([NOW_MS, 1435781451781, 1435781451781, 1435781451781])
  })

  it('has no time left with a timeout of nothing, before it asks', async () => {
    const query = () => expect.fail('it was asked')
    await asking({ query }, async (get) => {
      for (const timeout of ['0', '-1', '0s']) {
        const { status, body } = await get(`query?query=up&timeout=${timeout}`)
        expect([status, body.errorType]).to.deep.equal([503, 'timeout'])
      }
    })
  })

  it('passes a range, its step and the options on', async () => {
    const calls: unknown[] = []
    await asking(
      {
        queryRange: (...call) => {
          calls.push(call)
          return answered(() => vector())
        },
      },
      (get) =>
        get(
          'query_range?query=up&start=10&end=20&step=2500ms&timeout=3s&lookback_delta=1m&stats=all',
        ),
    )
    expect(calls).to.deep.equal([
      ['up', 10_000, 20_000, 2500, { timeoutMs: 3000, lookbackMs: 60_000 }],
    ])
  })

  it('cuts an answer at the limit and warns of it', async () => {
    const answer: QueryAnswer = {
      ...vector([{ a: '1' }, 1], [{ a: '2' }, 2]),
      warnings: ['w'],
      infos: ['i'],
    }
    await asking({ query: () => answered(() => answer) }, async (get) => {
      const { body } = await get('query?query=up&limit=1')
      expect((body.data as unknown as { result: unknown[] }).result).to.have.length(1)
      expect(body.warnings).to.deep.equal(['w', 'results truncated due to limit'])
      expect(body.infos).to.deep.equal(['i'])
    })
  })

  it('gives each failure its error type and code', async () => {
    for (const [code, status, errorType] of [
      ['QUERY_FAILED', 422, 'execution'],
      ['QUERY_LIMIT', 422, 'execution'],
      ['QUERY_TIMEOUT', 503, 'timeout'],
    ] as const) {
      const query = () =>
        answered(() => {
          throw new ChokepointError(code, 'the reason')
        })
      const answer = await asking({ query }, (get) => get('query?query=up'))
      expect(answer).to.deep.equal({
        status,
        body: { status: 'error', errorType, error: 'the reason' },
      })
    }
    const query = () =>
      answered(() => {
        throw new ChokepointError('QUERY_INVALID', '1:4: parse error: unexpected end of input')
      })
    const { status, body } = await asking({ query }, (get) => get('query?query=up{'))
    expect([status, body]).to.deep.equal([
      400,
      failure('invalid parameter "query": 1:4: parse error: unexpected end of input'),
    ])
  })

  it('refuses a limit that is none', async () => {
    await asking({}, async (get) => {
      expect((await get('query?query=up&limit=x')).body).to.deep.equal(
        failure('invalid parameter "limit": strconv.Atoi: parsing "x": invalid syntax'),
      )
      expect((await get('labels?limit=-1')).body).to.deep.equal(
        failure('invalid parameter "limit": limit must be non-negative'),
      )
    })
  })

  it('lists series, label names and values, each once and in order', async () => {
    const source = sourceOf(
      { __name__: 'up', job: 'b', 'host.name': 'h' },
      { __name__: 'up', job: 'a' },
      { __name__: 'down', job: 'c' },
    )
    await asking({ select: selectFrom(source) }, async (get) => {
      expect((await get('series?match[]=up&match[]={job="a"}')).body.data).to.deep.equal([
        { __name__: 'up', 'host.name': 'h', job: 'b' },
        { __name__: 'up', job: 'a' },
      ])
      expect((await get('labels')).body.data).to.deep.equal(['__name__', 'host.name', 'job'])
      expect((await get('label/job/values')).body.data).to.deep.equal(['a', 'b', 'c'])
      expect((await get('label/job/values?match[]=up')).body.data).to.deep.equal(['a', 'b'])
      expect((await get('label/U__host_2e_name/values')).body.data).to.deep.equal(['h'])
      expect((await get('label/nope/values')).body.data).to.deep.equal([])
      const { body } = await get('label/job/values?limit=2')
      expect([body.data, body.warnings]).to.deep.equal([
        ['a', 'b'],
        ['results truncated due to limit'],
      ])
    })
  })

  it('lists metadata, all of it or one metric', async () => {
    const row = { type: 'gauge', help: 'Up', unit: '' }
    const metadata = () =>
      new Map([
        ['down', [row]],
        ['up', [row, row]],
      ])
    await asking({ metadata }, async (get) => {
      expect((await get('metadata')).body.data).to.deep.equal({ down: [row], up: [row, row] })
      expect((await get('metadata?metric=up&limit_per_metric=1')).body.data).to.deep.equal({
        up: [row],
      })
      expect((await get('metadata?limit=1')).body.data).to.deep.equal({ down: [row] })
    })
  })

  it('writes an alert as Prometheus does, with our fields beside', async () => {
    const { body } = await asking({}, (get) => get('alerts'))
    const [first] = (body.data as unknown as { alerts: unknown[] }).alerts
    const { query, firedAt } = alert()
    expect(first).to.deep.equal({
      labels: {
        alertname: 'ResponseTimeHigh',
        severity: 'critical',
        job: 'shop/catalog',
        http_route: '/search',
      },
      annotations: { summary: 'p95 of GET /search is 2.41 s' },
      state: 'firing',
      activeAt: '2026-03-02T12:12:10.000Z',
      value: '2.41e+00',
      id: 'a1',
      severity: 'critical',
      query,
      firedAt,
    })
  })

  it('lists rule groups, filters them, and gives them page by page', async () => {
    const common = {
      query: 'up == 0',
      labels: {},
      health: 'ok',
      evaluationSeconds: 0.001,
      lastEvaluationMs: NOW_MS,
    } as const
    const group = (name: string): RuleGroupStatus => ({
      name,
      file: 'rules/a.yml',
      intervalSeconds: 15,
      limit: 0,
      evaluationSeconds: 0.002,
      lastEvaluationMs: NOW_MS,
      rules: [
        { ...common, type: 'recording', name: `${name}:sum` },
        {
          ...common,
          type: 'alerting',
          name: `${name}Down`,
          state: 'firing',
          forSeconds: 60,
          keepFiringForSeconds: 0,
          annotations: {},
          alerts: [alert()],
        },
      ],
    })
    const [one, two, three] = ['one', 'two', 'three'].map(group) as [
      RuleGroupStatus,
      RuleGroupStatus,
      RuleGroupStatus,
    ]
    const labels = { team: 'x', severity: 'critical' }
    const groups = [one, { ...two, rules: two.rules.map((rule) => ({ ...rule, labels })) }, three]
    await asking({ ruleGroups: () => groups }, async (get) => {
      const read = async (query: string) =>
        (await get(`rules?${query}`)).body.data as unknown as {
          groups: { name: string; rules: Record<string, unknown>[] }[]
          groupNextToken?: string
        }
      const all = await read('')
      expect(all.groups[0]).to.deep.include({
        file: 'rules/a.yml',
        interval: 15,
        limit: 0,
        lastEvaluation: '2026-03-02T12:15:00.000Z',
      })
      expect(all.groups[0]!.rules[1]).to.deep.include({
        state: 'firing',
        duration: 60,
        keepFiringFor: 0,
        type: 'alerting',
        health: 'ok',
      })
      expect(
        (await read('type=record')).groups.flatMap(({ rules }) => rules.map(({ name }) => name)),
      ).to.deep.equal(['one:sum', 'two:sum', 'three:sum'])
      expect((await read('rule_name[]=twoDown')).groups.map(({ name }) => name)).to.deep.equal([
        'two',
      ])
      expect(
        (await read('rule_group[]=three&exclude_alerts=true')).groups[0]!.rules[1]!.alerts,
      ).to.deep.equal([])
      const loud = 'match[]={team="x",severity=~"crit.*"}&match[]={team="y"}'
      expect((await read(encodeURI(loud))).groups.map(({ name }) => name)).to.deep.equal(['two'])
      expect((await get('rules?match[]=%7B')).status).to.equal(400)
      const first = await read('group_limit=2')
      expect(first.groups.map(({ name }) => name)).to.deep.equal(['one', 'two'])
      const second = await read(`group_limit=2&group_next_token=${first.groupNextToken}`)
      expect(second.groups.map(({ name }) => name)).to.deep.equal(['three'])
      expect(second).not.to.have.property('groupNextToken')
      expect((await get('rules?group_limit=2&group_next_token=x')).status).to.equal(400)
      expect((await get('rules?group_limit=0')).body).to.deep.equal(
        failure('invalid parameter "group_limit": group_limit needs to be greater than 0'),
      )
    })
  })
})
