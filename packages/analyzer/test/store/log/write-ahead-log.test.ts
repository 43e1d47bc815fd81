import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { limitsWith } from '../../../src/config/limits.ts'
import {
  decodeRuleSamples,
  encodeRuleSamples,
  type RuleSample,
} from '../../../src/store/log/rule-samples.ts'
import { dump, openStores } from '../open-stores.ts'
import { gauge, request, sum } from '../otlp-bytes.ts'

describe('the log on disk', () => {
  let dataDir: string

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'chokepoint-log-'))
  })
  afterEach(() => {
    rmSync(dataDir, { recursive: true, force: true })
  })

  const segments = () => readdirSync(join(dataDir, 'log')).map((name) => join(dataDir, 'log', name))

  for (const fsync of ['always', 'interval', 'never'] as const) {
    it(`restores every tenant after a restart, with fsync ${fsync}`, async () => {
      const stores = await openStores({ dataDir, fsync })
      const sent: Promise<unknown>[] = []
      for (let i = 0; i < 50; i++) {
        const bytes = request([gauge('g', [i * 1000, i]), sum('n', 1, [i * 1000, 2])])
        sent.push(stores.ingest(i % 2 === 0 ? 'a' : 'b', bytes, 'protobuf'))
      }
      await Promise.all(sent)
      stores.tenant('a').append('ALERTS', [['alertname', 'x']], 49_000, Number.NaN)
      const before = ['a', 'b'].map((tenant) => dump(stores.tenant(tenant)))
      await stores.close()
      const again = await openStores({ dataDir, fsync })
      expect(['a', 'b'].map((tenant) => dump(again.tenant(tenant)))).to.deep.equal(before)
      expect(before[0]!['{__name__="n_total", job="shop"}']).to.have.length(25)
      expect(before[0]!['{__name__="ALERTS", alertname="x"}']).to.deep.equal(['49000:NaN'])
      await again.close()
    })
  }

  it('cuts a torn end off, says so, and goes on', async () => {
    const stores = await openStores({ dataDir })
    await stores.ingest('a', request([gauge('g', [1000, 1])]), 'protobuf')
    await stores.close()
    const [path] = segments()
    const whole = readFileSync(path!)
    writeFileSync(path!, Buffer.concat([whole, whole.subarray(0, 20)]))
    const messages: string[] = []
    const again = await openStores({ dataDir, log: (message) => messages.push(message) })
    expect(messages.join()).to.contain('20 of')
    expect(statSync(path!).size).to.equal(whole.length)
    await again.ingest('a', request([gauge('g', [2000, 2])]), 'protobuf')
    await again.close()
    const last = await openStores({ dataDir })
    expect(dump(last.tenant('a'))['{__name__="g", job="shop"}']).to.deep.equal(['1000:1', '2000:2'])
  })

  it('drops segments that hold nothing within the retention', async () => {
    const stores = await openStores({ dataDir, retentionMs: 60_000 })
    await stores.ingest('a', request([gauge('g', [0, 1])]), 'protobuf')
    await stores.close()
    const again = await openStores({ dataDir, retentionMs: 60_000 })
    await again.ingest('a', request([gauge('g', [10_000_000, 2])]), 'protobuf')
    await again.close()
    expect(segments()).to.have.length(1)
    const last = await openStores({ dataDir, retentionMs: 60_000 })
    expect(dump(last.tenant('a'))['{__name__="g", job="shop"}']).to.deep.equal(['10000000:2'])
  })

  it('refuses with STORAGE_FAILED while the disk is full, answers queries, and recovers', async function () {
    const mount = join(dataDir, 'small')
    try {
      execFileSync('mkdir', [mount])
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', mount], { stdio: 'pipe' })
    } catch {
      this.skip()
    }
    const stores = await openStores({ dataDir: mount, retentionMs: 1e15, limits: limitsWith() })
    try {
      const filler = join(mount, 'filler')
      writeFileSync(filler, Buffer.alloc(150_000))
      const name = '{__name__="g0", job="shop"}'
      const metrics = (at: number) => Array.from({ length: 20 }, (_, i) => gauge(`g${i}`, [at, at]))
      const send = (at: number) => stores.ingest('a', request(metrics(at)), 'protobuf')
      let stored = 0
      let failure: unknown
      while (failure === undefined) {
        failure = await send(stored).then(
          () => undefined,
          (error: unknown) => error,
        )
        if (failure === undefined) stored++
      }
      expect(failure).to.include({ code: 'STORAGE_FAILED', status: 503 })
      expect(String(failure)).to.contain('ENOSPC')
      // While it fails, nothing new is shown to queries, and what was taken can be read.
      const shown = dump(stores.tenant('a'))[name]!.length
      expect(
        await send(stored + 1).then(
          () => 'taken',
          () => 'refused',
        ),
      ).to.equal('refused')
      expect(dump(stores.tenant('a'))[name]).to.have.length(shown)
      rmSync(filler)
      expect((await send(stored)).rejected).to.equal(0)
      await stores.close()
      const again = await openStores({ dataDir: mount, retentionMs: 1e15 })
      expect(dump(again.tenant('a'))[name]).to.have.length(stored + 1)
      await again.close()
    } finally {
      await stores.close()
      execFileSync('umount', [mount])
    }
  })

  it('keeps samples of rules whatever their values are', () => {
    const values = [1, -0, Number.NaN, Infinity, -Infinity, 'stale'] as const
    const samples: RuleSample[] = values.map((value) => ({
      name: 'r',
      labels: [['le', '1']],
      timeMs: 5,
      value,
    }))
    expect(decodeRuleSamples(encodeRuleSamples(samples))).to.deep.equal(samples)
  })
})
