import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect } from 'chai'
import { parseConfig, startAnalyzer } from '../../src/index.ts'
import { parseUnitTestFile } from '../../src/rules/unit-test-file.ts'
import { seeded } from '../rules/seeded.ts'
import { type AlertsAtStep, alertsOverTime } from './alerts-over-time.ts'
import { promtoolTest } from './promtool-test.ts'
import { type SeriesOverTime, seriesOf, worn } from './series-over-time.ts'

const RULES = new URL('../../../../prometheus/rules/', import.meta.url).pathname
const PROMTOOL = new URL('../../../../.cache/stack/bin/promtool', import.meta.url).pathname
const STEP_MS = 15_000

// Real Prometheus' own rule engine and storage, as promtool runs them: an instant for an instant what a server does.
const described = existsSync(PROMTOOL) ? describe : describe.skip
const why = existsSync(PROMTOOL) ? '' : ' (skipped: no .cache/stack/bin/promtool)'

described(`the rule pack in the analyzer and in a real Prometheus${why}`, () => {
  let folder = ''

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-rule-pack-'))
  })

  after(() => rmSync(folder, { recursive: true }))

  /** Sends the series over OTLP, a request a step, and reads the alerts after each. */
  async function inAnalyzer(series: readonly SeriesOverTime[]): Promise<readonly AlertsAtStep[]> {
    const config = `
listen: { host: 127.0.0.1, otlpHttp: 0, otlpGrpc: 0, api: 0 }
dataDir: ${mkdtempSync(join(folder, 'data-'))}
fsync: never
clock: data
evaluation: { interval: ${STEP_MS / 1000}s }
thresholds: { cpu: null, memory: null, disk: null, responseTime: null, errorRate: null }
rules: ['${RULES}*.yml']
`
    const analyzer = await startAnalyzer(parseConfig(config, join(folder, 'c.yaml'), {}), {
      onProblem: (message) => expect.fail(message),
    })
    try {
      return await alertsOverTime(analyzer, series, STEP_MS)
    } finally {
      await analyzer.close()
    }
  }

  /** What promtool says against these alerts; empty when Prometheus has the same. */
  function refusal(series: readonly SeriesOverTime[], expected: readonly AlertsAtStep[]): string {
    const file = join(folder, 'test.yml')
    writeFileSync(file, promtoolTest(`${RULES}*.yml`, STEP_MS, series, expected))
    try {
      execFileSync(PROMTOOL, ['test', 'rules', file], { stdio: 'pipe', maxBuffer: 1e9 })
      return ''
    } catch (error) {
      return String((error as { stderr?: Buffer }).stderr).slice(0, 4000)
    }
  }

  /** The series of all groups of a test file, each with a label that keeps it apart. */
  function inputs(file: string): readonly SeriesOverTime[] {
    return parseUnitTestFile(readFileSync(file, 'utf8'), file).tests.flatMap((test, i) =>
      seriesOf(test.input_series, { job: `shop-${i}`, instance: `host-${i}` }),
    )
  }

  for (const file of globSync(`${RULES}tests/*.yml`).sort()) {
    it(`has the same ALERTS, ALERTS_FOR_STATE and annotations at each evaluation of ${basename(file)}`, async () => {
      const random = seeded(3)
      const plain = inputs(file)
      // As they are written, and again with gaps, ends and other values, so that alerts come and go.
      const series = [...plain, ...plain.map((one) => worn(one, random))]
      const alerts = await inAnalyzer(series)
      expect(alerts.flatMap(({ firing }) => firing)).to.not.be.empty
      expect(alerts.flatMap(({ series }) => series).join()).to.include('alertstate="pending"')
      expect(refusal(series, alerts)).to.equal('')
    })
  }

  it('would be told of one alert that is not the same', async () => {
    const [file = ''] = globSync(`${RULES}tests/*container*.yml`)
    const series = inputs(file)
    const alerts = await inAnalyzer(series)
    const at = alerts.findIndex(({ firing }) => firing.length > 0)
    const fewer = alerts.map((step, i) =>
      i === at ? { ...step, series: step.series.slice(1) } : step,
    )
    expect(refusal(series, fewer)).to.include('FAILED')
  })
})
