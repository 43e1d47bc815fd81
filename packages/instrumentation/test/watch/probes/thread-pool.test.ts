import { pbkdf2 } from 'node:crypto'
import { expect } from 'chai'
import { eventually } from '../../../../../tools/testing/eventually.ts'
import { KERNEL_FILES } from '../../../src/watch/probes/kernel-files.ts'
import {
  type Canary,
  createThreadPoolUseProbe,
  ThreadPoolCanary,
} from '../../../src/watch/probes/thread-pool.ts'
import { look, wait } from './collect.ts'

function hash(rounds: number): Promise<void> {
  return new Promise((resolve, reject) => {
    pbkdf2('secret', 'salt', rounds, 32, 'sha512', (error) => (error ? reject(error) : resolve()))
  })
}

describe('probes of the thread pool', () => {
  it('see its threads work', async () => {
    await hash(1)
    const probe = createThreadPoolUseProbe(KERNEL_FILES)
    look(probe)
    await eventually(async () => {
      await wait(100)
      expect(look(probe).get('nodejs.threadpool.utilization')).to.be.below(0.05)
    })
    const before = process.cpuUsage()
    const startMs = performance.now()
    await Promise.all(Array.from({ length: 8 }, () => hash(60_000)))
    const measured = look(probe).get('nodejs.threadpool.utilization')
    // The hashing is nearly all that this process does meanwhile, on four threads.
    const { user, system } = process.cpuUsage(before)
    const expected = (user + system) / 1000 / (performance.now() - startMs) / 4
    expect(measured).to.be.closeTo(expected, 0.3 * expected)
  })

  it('see a saturated pool by a real canary, and an idle one', async () => {
    const canary = new ThreadPoolCanary(() => performance.now(), { everyMs: 20 })
    const probe = canary.createProbe()
    await eventually(async () => {
      await wait(100)
      expect(look(probe).get('nodejs.threadpool.delay')).to.be.below(0.03)
    })
    await eventually(async () => {
      const jobs = Array.from({ length: 12 }, () => hash(150_000))
      await wait(300)
      const delay = look(probe).get('nodejs.threadpool.delay')
      await Promise.all(jobs)
      expect(delay).to.be.above(0.1)
    })
    canary.close()
  })

  it('tell the age of a canary that has not come back, and the longest for each reader', async () => {
    let now = 0
    let comeBack = () => {}
    const hold: Canary = (done) => {
      comeBack = done
    }
    const canary = new ThreadPoolCanary(() => now, { everyMs: 5, canary: hold })
    const [first, second] = [canary.createProbe(), canary.createProbe()]
    await wait(30)
    now = 700
    expect(look(first).get('nodejs.threadpool.delay')).to.equal(0.7)
    comeBack()
    expect(look(first).get('nodejs.threadpool.delay')).to.equal(0.7)
    await wait(30)
    comeBack()
    expect(look(first).get('nodejs.threadpool.delay')).to.equal(0)
    expect(look(first).get('nodejs.threadpool.delay'), 'the last one stands').to.equal(0)
    expect(look(second).get('nodejs.threadpool.delay')).to.equal(0.7)
    canary.close()
  })
})
