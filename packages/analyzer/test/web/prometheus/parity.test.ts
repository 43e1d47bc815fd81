import { MemorySource } from '@chokepoint/promql'
import { expect } from 'chai'
import { enginePort } from '../engine-port.ts'
import { type Running, startWeb } from '../web-fixture.ts'
import {
  askPrometheus,
  HAS_PROMETHEUS,
  type RealPrometheus,
  startPrometheus,
} from './real-prometheus.ts'

const START_S = 1_600_000_000
const STEP_S = 15
const SAMPLES = 120
const END_S = START_S + STEP_S * (SAMPLES - 1)

type Row = readonly [
  name: string,
  labels: Readonly<Record<string, string>>,
  value: (at: number) => number,
]

/**
 * In the order of their labels, as Prometheus returns them. Their values show how numbers are written: huge, tiny, negative, whole, not a
 * number.
 */
const ROWS: readonly Row[] = [
  ['requests_total', { code: '200', job: 'cart' }, (at) => (at % 50) * 11],
  ['requests_total', { code: '200', job: 'shop' }, (at) => at * 37 + (at % 5)],
  ['requests_total', { code: '500', job: 'shop' }, (at) => Math.floor(at / 9)],
  ['size', { job: 'shop', kind: 'huge' }, (at) => 2.25e21 * (at + 1)],
  ['size', { job: 'shop', kind: 'infinite' }, (at) => (at % 2 === 0 ? Infinity : -Infinity)],
  ['size', { job: 'shop', kind: 'negative' }, (at) => -0.1 * at],
  ['size', { job: 'shop', kind: 'none' }, () => Number.NaN],
  ['size', { job: 'shop', kind: 'odd "quoted" \\ name' }, (at) => at / 3],
  ['size', { job: 'shop', kind: 'tiny' }, (at) => 1.5e-9 * (at + 1)],
]

const range = `start=${START_S}&end=${END_S}&step=60`
// Since 3.0 a range leaves its left end out: beside the samples' times it does not matter.
const beside = `start=${START_S + 7}&end=${END_S + 7}&step=60`
const at = `time=${END_S}`

/** Requests whose answer, code and type must be those of a real Prometheus. */
const REQUESTS: readonly string[] = [
  'query?query=up&time=abc',
  'query?query=up&time=2020-01-01',
  'query?query=up&time=0x10',
  'query?query=up&timeout=abc',
  'query?query=time()&time=1_000',
  'query?query=time()&time=1__0',
  'query?query=time()&time=0x1p3',
  'query?query=1&time=4&timeout=0x1p3',
  'query?query=1&time=4&timeout=-1s',
  'query?query=1&time=4&timeout=Inf',
  'query_range?query=time()&start=0&end=8&step=0x1p1',
  'query_range?query=time()&start=0&end=0.004&step=0.0015',
  'query_range?query=time()&start=0&end=1&step=1e-9',
  'query_range?query=time()&start=0&end=1&step=NaN',
  'query_range?query=up',
  'query_range?query=up&start=1',
  'query_range?query=up&start=1&end=0&step=1',
  'query_range?query=up&start=1&end=2',
  'query_range?query=up&start=1&end=2&step=0',
  'query_range?query=up&start=1&end=2&step=-1',
  'query_range?query=up&start=1&end=2&step=x',
  'query_range?query=up&start=1&end=2&step=30m1h',
  'query_range?query=up&start=1&end=2&step=1.5h',
  'query_range?query=up&start=0&end=100000&step=1',
  'query_range?query=up&start=0&end=11001&step=1',
  'series',
  'series?match[]={}',
  'series?match[]={a=""}',
  'series?match[]={a=~".*"}',
  'series?match[]=up',
  'series?match[]=up&start=x',
  'labels',
  'labels?match[]={}',
  'labels?start=x',
  'label/job/values',
  'label/job/values?end=x',
  'metadata',
  'metadata?limit=x',
  'rules',
  'rules?type=x',
  'targets',
  `query?query=size&${at}`,
  `query?query=size[1m]&time=${END_S + 7}`,
  `query?query=requests_total&${at}`,
  `query?query=requests_total{code=~"2.."}&${at}`,
  `query?query=rate(requests_total[5m])&time=${END_S + 7}`,
  `query?query=sum by (job) (requests_total)&${at}`,
  `query?query=1e-7&${at}`,
  `query?query=vector(1e-7)&${at}`,
  `query?query=1e21&${at}`,
  `query?query=vector(-1e21)&${at}`,
  `query?query=vector(123456789.125)&${at}`,
  `query?query="text"&${at}`,
  `query?query=time()&time=1435781451.781`,
  `query?query=vector(time())&time=1435781451.7`,
  `query?query=absent(nothing)&${at}`,
  `query?query=nothing&${at}`,
  `query?query=requests_total offset 10m&${at}`,
  `query?query=size&time=2020-09-13T12:30:00Z`,
  `query?query=&${at}`,
  `query?query=sum(1, 2)&${at}`,
  `query?query=1%2B&${at}`,
  `query_range?query=size&${range}`,
  `query_range?query=requests_total&start=${START_S}&end=${END_S}&step=37.5`,
  `query_range?query=requests_total&start=${START_S}.25&end=${END_S}&step=333ms`,
  `query_range?query=time()&${range}`,
  `query_range?query=1&${range}`,
  `query_range?query=nothing&${range}`,
  `query_range?query=rate(requests_total[5m])&${beside}`,
  `query_range?query=requests_total[5m]&${range}`,
  `query_range?query="text"&${range}`,
  'series?match[]=requests_total',
  'series?match[]={code="500"}&match[]=size',
  `series?match[]=size&start=${END_S + 999_999}`,
  'labels?match[]=size',
  'label/job/values?match[]=requests_total&match[]=size',
  'label/kind/values',
  'label/__name__/values',
]

describe('the Prometheus API beside a real Prometheus', () => {
  let prometheus: RealPrometheus
  let ours: Running

  before(async function () {
    if (!HAS_PROMETHEUS) return this.skip()
    prometheus = await startPrometheus(openMetrics())
    const port = enginePort(memorySource(), END_S * 1000)
    ours = await startWeb({ prometheus: () => port })
  })

  after(async () => {
    await ours?.server.close()
    await prometheus?.stop()
  })

  for (const request of REQUESTS) {
    it(`answers ${decodeURIComponent(request)} alike`, async () => {
      const [mine, theirs] = await Promise.all([
        askPrometheus(ours.url, request),
        askPrometheus(prometheus.url, request),
      ])
      // A rate's last bits depend on the order of its operations, which differs between versions.
      const [exactly, nearly] = [(answer: unknown) => answer, roundLongNumbers]
      const shown = request.includes('rate(') ? nearly : exactly
      expect(shown(mine)).to.deep.equal(shown(theirs))
    })
  }
})

function roundLongNumbers(answer: unknown): unknown {
  const json = JSON.stringify(answer)
  return JSON.parse(
    json.replace(/"\d+\.\d{11,}"/g, (text) => `"${Number(JSON.parse(text)).toPrecision(12)}"`),
  )
}

function memorySource(): MemorySource {
  const source = new MemorySource()
  for (let i = 0; i < SAMPLES; i++) {
    for (const [name, labels, value] of ROWS) {
      source.add({ __name__: name, ...labels }, (START_S + i * STEP_S) * 1000, value(i))
    }
  }
  return source
}

/** The same samples as text; `gauge` keeps the names as they are. */
function openMetrics(): string {
  const lines = [...new Set(ROWS.map(([name]) => name))].flatMap((metric) => [
    `# TYPE ${metric} gauge`,
    ...Array.from({ length: SAMPLES }, (_, i) =>
      ROWS.filter(([name]) => name === metric).map(
        ([name, labels, value]) =>
          `${name}{${labelText(labels)}} ${goFloat(value(i))} ${START_S + i * STEP_S}`,
      ),
    ).flat(),
  ])
  return `${lines.join('\n')}\n# EOF\n`
}

const labelText = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)

/** As Go writes it in an exposition; JavaScript's own text loses the sign of -0. */
function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return Object.is(value, -0) ? '-0' : String(value)
}
