import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Fleet, SERIES_PER_RESOURCE } from '../ingest/generator.ts'
import { cpuSeconds } from '../ingest/process-usage.ts'
import { seeded } from '../ingest/seeded.ts'
import { DASHBOARD_QUERIES, ruleExpressions, ruleFile } from './rule-file.ts'
import {
  type MeasuredServer,
  PROMETHEUS,
  startAnalyzerServer,
  startPrometheusServer,
} from './servers.ts'

// node --conditions=chokepoint-source bench/query/main.ts [--series 100000] [--rounds 5] [--quick] [--profile DIR]
const RULES = 200
const STEP_MS = 15_000
const HOUR_MS = 3_600_000
/** Samples ahead of now, so that windows are full as long as the bench runs; Prometheus takes ten minutes. */
const AHEAD_MS = 8 * 60_000
const INTERVAL_SECONDS = 20
const RESOURCES_PER_REQUEST = 25

const { values } = parseArgs({
  options: {
    series: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
})
if (!existsSync(PROMETHEUS)) throw new Error(`there is no Prometheus at ${PROMETHEUS}`)

const wanted = values.quick ? 10_000 : Number(values.series)
const rounds = values.quick ? 3 : Number(values.rounds)
const folder = mkdtempSync(join(tmpdir(), 'chokepoint-query-rules-'))
/** Written when the rules' turn comes: until then there are none. */
const rulesPath = join(folder, 'rules.yml')

const profile =
  values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`]
const analyzer = await startAnalyzerServer(rulesPath, profile)
const prometheus = await startPrometheusServer(rulesPath)
try {
  const resources = Math.max(1, Math.round(wanted / SERIES_PER_RESOURCE))
  const endMs = await load(resources, [analyzer, prometheus])
  const series = resources * SERIES_PER_RESOURCE
  console.log(
    `${series} series, 1 h at ${STEP_MS / 1000} s, ${rounds} interleaved rounds, medians, GOMAXPROCS=1\n`,
  )
  console.log('CPU seconds                        analyzer   Prometheus   ratio')
  await dashboard(endMs - AHEAD_MS)
  await rules()
} finally {
  await analyzer.close()
  await prometheus.close()
  rmSync(folder, { recursive: true, force: true })
}

/** Sends the same reports to all, oldest first; gives the time of the newest. */
async function load(resources: number, servers: readonly MeasuredServer[]): Promise<number> {
  const startMs = Date.now() - HOUR_MS
  const fleet = new Fleet(resources, RESOURCES_PER_REQUEST, startMs, seeded(1))
  const endMs = startMs + HOUR_MS + AHEAD_MS
  for (let timeMs = startMs; timeMs <= endMs; timeMs += STEP_MS) {
    for (const body of fleet.bodies) {
      fleet.advance(body, timeMs)
      await Promise.all(servers.map(({ otlpUrl }) => post(otlpUrl, body.bytes)))
    }
  }
  return endMs
}

async function post(url: string, body: Buffer): Promise<void> {
  const headers = { 'content-type': 'application/x-protobuf' }
  const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) })
  const text = await response.text()
  if (response.status !== 200 || text.length > 8)
    throw new Error(`${url}: ${response.status} ${text}`)
}

/** The twenty queries of a dashboard over the last hour, at each server in turn. */
async function dashboard(nowMs: number): Promise<void> {
  const range = { start: (nowMs - HOUR_MS) / 1000, end: nowMs / 1000, step: STEP_MS / 1000 }
  const pass = async ({ url, pid }: MeasuredServer) => {
    const before = cpuSeconds(pid)
    let samples = 0
    for (const query of DASHBOARD_QUERIES) samples += await askRange(url, query, range)
    return { seconds: cpuSeconds(pid) - before, samples }
  }
  const spent: { analyzer: number; prometheus: number }[] = []
  for (let round = 0; round <= rounds; round++) {
    const ours = await pass(analyzer)
    const theirs = await pass(prometheus)
    if (ours.samples !== theirs.samples || ours.samples === 0) {
      throw new Error(`the analyzer gives ${ours.samples} samples, Prometheus ${theirs.samples}`)
    }
    // The first round finds everything cold.
    if (round > 0) spent.push({ analyzer: ours.seconds, prometheus: theirs.seconds })
  }
  printRow('20 range queries over 1 h', spent)
}

async function askRange(url: string, query: string, range: object): Promise<number> {
  const parameters = new URLSearchParams({ query })
  for (const [key, value] of Object.entries(range)) parameters.set(key, String(value))
  const response = await fetch(`${url}/api/v1/query_range`, { method: 'POST', body: parameters })
  const { error, data } = (await response.json()) as {
    error?: string
    data?: { result: readonly { values: readonly unknown[] }[] }
  }
  if (data === undefined) throw new Error(`${url}: ${query}: ${error}`)
  return data.result.reduce((sum, row) => sum + row.values.length, 0)
}

/** One evaluation of all rules by each server at its interval, without what it spends at rest. */
async function rules(): Promise<void> {
  const servers = [analyzer, prometheus]
  const idle = await Promise.all(servers.map(idlePerSecond))
  writeFileSync(rulesPath, ruleFile(ruleExpressions(RULES), INTERVAL_SECONDS))
  await Promise.all(servers.map((server) => server.reload()))
  const [ours, theirs] = await Promise.all(
    servers.map((server, i) => secondsOfEvaluations(server, idle[i]!)),
  )
  await checkRules()
  printRow(
    `${RULES} rules, one evaluation`,
    ours!.map((seconds, i) => ({ analyzer: seconds, prometheus: theirs![i]! })),
  )
}

/** The CPU seconds of each of the evaluations after the first, which finds everything cold. */
async function secondsOfEvaluations(server: MeasuredServer, idle: number): Promise<number[]> {
  const spent: number[] = []
  let done = await evaluationAfter(server, await server.evaluations())
  for (let round = 0; round < rounds; round++) {
    const started = performance.now()
    const before = cpuSeconds(server.pid)
    const next = await evaluationAfter(server, done)
    if (next !== done + 1) throw new Error(`${server.url} left out an evaluation`)
    done = next
    spent.push(cpuSeconds(server.pid) - before - (idle * (performance.now() - started)) / 1000)
  }
  return spent
}

/** What a server spends while it only answers how many evaluations there were. */
async function idlePerSecond(server: MeasuredServer): Promise<number> {
  const before = cpuSeconds(server.pid)
  const started = performance.now()
  for (let i = 0; i < 25; i++) {
    await server.evaluations()
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return (cpuSeconds(server.pid) - before) / ((performance.now() - started) / 1000)
}

/** Waits until a server has ended an evaluation after `count`, and tells its number. */
async function evaluationAfter(server: MeasuredServer, count: number): Promise<number> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; ) {
    const now = await server.evaluations()
    if (now > count) return now
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`${server.url} has not evaluated its rules within two minutes`)
}

/** Both must have written the same number of series for each rule. */
async function checkRules(): Promise<void> {
  const query = 'count by (__name__) ({__name__=~"bench:rule_.*"})'
  const counts = async ({ url }: MeasuredServer) => {
    const body = new URLSearchParams({ query })
    const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body })
    const { data } = (await response.json()) as {
      data: { result: { metric: { __name__: string }; value: [number, string] }[] }
    }
    return new Map(data.result.map(({ metric, value }) => [metric.__name__, value[1]]))
  }
  const [ours, theirs] = await Promise.all([counts(analyzer), counts(prometheus)])
  const expressions = ruleExpressions(RULES)
  for (const [name, count] of theirs) {
    const index = Number(name.slice('bench:rule_'.length))
    // What stands on a moving threshold may differ by the instant.
    if (ours.get(name) === count || / [<>] /.test(expressions[index]!)) continue
    throw new Error(`${expressions[index]}: ${ours.get(name)} series, Prometheus has ${count}`)
  }
  console.error(`${theirs.size} rules wrote series, as many in both`)
}

function printRow(what: string, spent: readonly { analyzer: number; prometheus: number }[]): void {
  const ours = median(spent.map((one) => one.analyzer))
  const theirs = median(spent.map((one) => one.prometheus))
  const ratio = median(spent.map((one) => one.analyzer / one.prometheus))
  console.log(
    [
      what.padEnd(34),
      ours.toFixed(2).padEnd(10),
      theirs.toFixed(2).padEnd(12),
      ratio.toFixed(2),
    ].join(' '),
  )
}

function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]!
}
