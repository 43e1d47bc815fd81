import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import { parseConfig, type RunningAnalyzer, startAnalyzer } from '../../src/index.ts'
import { seeded } from '../rules/seeded.ts'
import { type Answer, ask, difference } from './answers.ts'
import { fleetReports, STEP_MS, STEPS } from './fleet.ts'
import { prometheusIsHere, type RunningPrometheus, startPrometheus } from './prometheus.ts'
import { QueryGrammar } from './query-grammar.ts'

const QUERIES = 300
const RULES = new URL('../../../../prometheus/rules/', import.meta.url).pathname

const CONFIG = `
listen: { host: 127.0.0.1, otlpHttp: 0, otlpGrpc: 0, api: 0 }
evaluation: { interval: 1h, onArrival: false }
`

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly { alert: string; expr: string }[] }[]
}

// Takes a Prometheus 3 with an OTLP receiver, as the tool of the comparison stack builds it.
const described = prometheusIsHere() ? describe : describe.skip
const why = prometheusIsHere() ? '' : ' (skipped: no .cache/stack/bin/prometheus)'

described(`the analyzer beside a real Prometheus over the same OTLP data${why}`, () => {
  const endMs = Math.floor(Date.now() / STEP_MS) * STEP_MS
  const startMs = endMs - (STEPS - 1) * STEP_MS
  const folder = mkdtempSync(join(tmpdir(), 'chokepoint-cross-'))
  let analyzer: RunningAnalyzer
  let prometheus: RunningPrometheus

  before(async () => {
    prometheus = await startPrometheus()
    analyzer = await startAnalyzer(parseConfig(CONFIG, join(folder, 'c.yaml'), {}), {
      memory: true,
    })
    const urls = [`http://127.0.0.1:${analyzer.ports.otlpHttp}/v1/metrics`, prometheus.otlpUrl]
    for (const body of fleetReports(startMs, seeded(5))) {
      await Promise.all(urls.map((url) => send(url, body)))
    }
  })

  after(async () => {
    await analyzer?.close()
    await prometheus?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function both(path: string, parameters: Record<string, string>): Promise<Answer[]> {
    return Promise.all([analyzer.url, prometheus.url].map((url) => ask(url, path, parameters)))
  }

  /** Queries that Prometheus answered with something: nothing is easily the same. */
  let answered = 0

  async function differ(
    path: string,
    parameters: { query: string; [name: string]: string },
  ): Promise<string[]> {
    const [ours, theirs] = await both(path, parameters)
    if ((theirs!.data?.result.length ?? 0) > 0) answered++
    const found = difference(ours!, theirs!)
    return found === undefined ? [] : [`${parameters.query}\n  ${found}`]
  }

  const instant = (query: string, atMs: number) =>
    differ('/api/v1/query', { query, time: String(atMs / 1000) })

  it('has the same series with the same samples', async () => {
    const query = '{__name__!~"target_info|chokepoint_bottleneck.*"}[15m]'
    expect(await instant(query, endMs)).to.deep.equal([])
  })

  it(`answers ${QUERIES} generated queries alike at an instant`, async () => {
    answered = 0
    const random = seeded(7)
    const grammar = new QueryGrammar(random)
    const found: string[] = []
    for (let i = 0; i < QUERIES; i++) {
      const atMs = i % 2 === 0 ? endMs : startMs + Math.floor(random() * (endMs - startMs))
      found.push(...(await instant(grammar.query(), atMs)))
    }
    expect(found, found.join('\n')).to.deep.equal([])
    expect(answered).to.be.above(QUERIES * 0.7)
  })

  it(`answers ${QUERIES} generated queries alike over a range`, async () => {
    answered = 0
    const grammar = new QueryGrammar(seeded(11))
    const range = { start: String(startMs / 1000 + 7), end: String(endMs / 1000), step: '35' }
    const found: string[] = []
    for (let i = 0; i < QUERIES; i++) {
      found.push(...(await differ('/api/v1/query_range', { query: grammar.query(), ...range })))
    }
    expect(found, found.join('\n')).to.deep.equal([])
    expect(answered).to.be.above(QUERIES * 0.7)
  })

  it('finds the same alerts by every rule of the rule pack at every minute', async () => {
    const files = readdirSync(RULES).filter((name) => name.endsWith('.yml'))
    const rules = files.flatMap((name) => {
      const { groups } = parse(readFileSync(RULES + name, 'utf8')) as RuleFile
      return groups.flatMap((group) => group.rules)
    })
    const found: string[] = []
    let alerts = 0
    for (const { expr } of rules) {
      for (let atMs = startMs + 60_000; atMs <= endMs; atMs += 60_000) {
        const parameters = { query: expr, time: String(atMs / 1000) }
        const [ours, theirs] = await both('/api/v1/query', parameters)
        const how = difference(ours!, theirs!)
        if (how !== undefined) found.push(`${expr}\n  ${how}`)
        alerts += theirs!.data?.result.length ?? 0
      }
    }
    expect(found, found.join('\n')).to.deep.equal([])
    expect(alerts).to.be.above(rules.length)
  })
})

async function send(url: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body })
  const text = await response.text()
  expect(response.status, text).to.equal(200)
  expect(text.length, text).to.be.below(30)
}
