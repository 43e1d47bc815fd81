import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Random } from '../../decode/random.ts'
import { dump, openStores } from '../open-stores.ts'

const ROUNDS = Number(process.env.CHOKEPOINT_CRASH_ROUNDS ?? 4)
const CHILD = new URL('./crash-child.ts', import.meta.url).pathname

describe('a kill -9 under load', () => {
  it(`loses no acknowledged sample and repeats none, ${ROUNDS} times`, async function () {
    this.timeout(ROUNDS * 20_000)
    const random = new Random(5)
    const dataDir = mkdtempSync(join(tmpdir(), 'chokepoint-crash-'))
    const acknowledged = new Set<number>()
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const first = (round + 1) * 1_000_000
        for (const number of await runAndKill(dataDir, first, random.below(150))) {
          acknowledged.add(number)
        }
        const stores = await openStores({ dataDir, retentionMs: 1e15 })
        const series = dump(stores.tenant('a'))
        await stores.close()
        const stored = [0, 1, 2, 3].flatMap(
          (lane) => series[`{__name__="g${lane}", job="shop"}`] ?? [],
        )
        expect(new Set(stored).size, 'no sample twice').to.equal(stored.length)
        const found = new Set(stored)
        const missing = [...acknowledged].filter((i) => !found.has(`${i * 1000}:${i}`))
        expect(missing, `acknowledged, then gone, in round ${round}`).to.deep.equal([])
        for (const lane of [0, 1, 2, 3]) {
          const counts = series[`{__name__="n${lane}_total", job="shop"}`] ?? []
          expect(counts.map((sample) => Number(sample.split(':')[1]))).to.deep.equal(
            counts.map((_, i) => i + 1),
          )
        }
      }
      expect(acknowledged.size).to.be.greaterThan(ROUNDS * 4)
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  })
})

/** Runs the child until it is killed `afterMs` after its first acknowledgement; what it acknowledged. */
async function runAndKill(dataDir: string, first: number, afterMs: number): Promise<number[]> {
  const child = spawn(
    process.execPath,
    ['--conditions=chokepoint-source', CHILD, dataDir, String(first)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  child.stdout.setEncoding('utf8')
  child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), afterMs))
  child.stdout.on('data', (text: string) => {
    output += text
  })
  await once(child, 'close')
  // The last line may be cut: only whole lines are acknowledgements that somebody saw.
  return output.split('\n').slice(0, -1).map(Number)
}
