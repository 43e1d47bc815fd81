import { expect } from 'chai'
import { parseConfig } from '../src/config/load-config.ts'
import { createSchedule, type Schedule } from '../src/schedule.ts'
import type { TenantAnalysis } from '../src/tenant-analysis.ts'
import type { Tenants } from '../src/tenants.ts'
import { createTurns } from '../src/turns.ts'

describe('the schedule', () => {
  let schedule: Schedule
  afterEach(() => schedule.stop())

  it('goes by the interval of new rules at once, however long the old one had to go', async () => {
    let intervalMs = 3_600_000
    let evaluated = () => {}
    const once = new Promise<void>((resolve) => {
      evaluated = resolve
    })
    const analysis = {
      ruleIntervalMs: () => intervalMs,
      view: { now: () => 0 },
      // biome-ignore lint/correctness/useYield: it is over at once
      *evaluateRules() {
        evaluated()
      },
    } as unknown as TenantAnalysis
    schedule = createSchedule({
      config: parseConfig('evaluation: { interval: 1h }', 'test.yaml', {}),
      tenants: () => ({ all: () => [analysis] }) as unknown as Tenants,
      turns: createTurns(),
      afterInterval: () => {},
      onProblem: (message) => expect.fail(message),
    })
    schedule.start()
    intervalMs = 100
    schedule.onNewRules()
    // Without it, the first evaluation would be in an hour, and the test run out of time.
    await once
  })
})
