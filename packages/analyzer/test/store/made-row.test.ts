import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noteHistogram, parseHistogram, SAMPLE_STALE, SampleBuffer } from '@chokepoint/promql'
import { expect } from 'chai'
import { limitsWith } from '../../src/config/limits.ts'
import type { TenantStore } from '../../src/store/tenant-store.ts'
import { openStores } from './open-stores.ts'
import { gauge, request } from './otlp-bytes.ts'

/** Histograms as rules make them, from one evaluation to the next. */
const MADE = [
  'schema:3 count:1.3333333333333333 sum:-0.25 counter_reset_hint:gauge offset:-7 buckets:[0.3333333333333333 0 1]',
  'schema:3 count:1.5 sum:-0.25 counter_reset_hint:gauge offset:-7 buckets:[0.5 0 1]',
  'schema:-4 count:7.75 sum:1e+300 z_bucket:0.25 z_bucket_w:1e-128 offset:2 buckets:[4.5 1e-09] n_offset:3 n_buckets:[3]',
  'schema:-53 count:2.5 sum:NaN custom_values:[0.1 0.5 +Inf] buckets:[0.5 2]',
  'schema:-53 count:2.5 sum:NaN custom_values:[0.1 0.7 +Inf] buckets:[0.5 2]',
  'schema:-53 count:2.5 sum:NaN custom_values:[0.1 0.7 +Inf] buckets:[0.5 2]',
].map((text) => `{{${text}}}`)

const LABELS = [['job', 'shop']] as const

describe('histograms that rules make', () => {
  let folder = ''

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-made-'))
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  const append = (store: TenantStore, timeMs: number, text: string) =>
    store.append('made', LABELS, timeMs, parseHistogram(text.slice(2, -2)))

  it('are read as they were written, and after a restart too', async () => {
    const stores = await openStores({ dataDir: folder })
    // What is kept is counted back from the newest sample that was sent.
    await stores.ingest('a', request([gauge('sent', [3000, 1])]), 'protobuf')
    MADE.forEach((text, i) => {
      expect(append(stores.tenant('a'), 1000 + i, text), text).to.equal(true)
    })
    stores.tenant('a').append('made', LABELS, 2000, 'stale')
    const written = [...MADE.map((text, i) => `${1000 + i} ${text}`), '2000 stale']
    expect(samples(stores.tenant('a'))).to.deep.equal(written)
    await stores.close()
    const again = await openStores({ dataDir: folder })
    expect(samples(again.tenant('a'))).to.deep.equal(written)
    expect(
      again
        .tenant('a')
        .metadata()
        .find(({ name }) => name === 'made')?.type,
    ).to.equal('histogram')
    await again.close()
  })

  it('are one series with the numbers of the same labels, ended together', async () => {
    const store = (await openStores()).tenant('a')
    store.append('made', LABELS, 1000, 7)
    append(store, 2000, MADE[0]!)
    store.append('made', LABELS, 3000, 'stale')
    expect(samples(store)).to.deep.equal(['1000 7', `2000 ${MADE[0]}`, '3000 stale'])
  })

  it('fill blocks and go on in the next, late ones in their place', async () => {
    const store = (await openStores()).tenant('a')
    const text = (i: number) =>
      `{{schema:1 count:${i / 3 + 0.5} sum:${i / 7} buckets:[${i / 3} 0.5]}}`
    const expected = Array.from({ length: 2000 }, (_, i) => `${1000 + i} ${text(i + 1)}`)
    for (let i = 0; i < 2000; i++) if (i !== 700) append(store, 1000 + i, text(i + 1))
    append(store, 1700, text(701))
    expect(samples(store)).to.deep.equal(expected)
  })

  it('are refused where they have more buckets than the limit', async () => {
    const store = (await openStores({ limits: limitsWith({ bucketsMax: 3 }) })).tenant('a')
    expect(append(store, 1000, '{{count:4 sum:4 buckets:[1 1 1 1]}}')).to.equal(false)
    expect(append(store, 1000, '{{count:2 sum:4 buckets:[1 1]}}')).to.equal(true)
    expect(append(store, 2000, MADE[3]!)).to.equal(false)
  })
})

/** The samples of `made`, as time and notation. */
function samples(store: TenantStore): readonly string[] {
  const series = store.select([{ name: '__name__', type: '=', value: 'made' }], 0, 1e15)
  expect(series).to.have.length(1)
  const buffer = new SampleBuffer()
  series[0]?.read(0, 1e15, buffer)
  return Array.from({ length: buffer.size }, (_, i) => {
    const histogram = buffer.histograms[i]
    const stale = buffer.kinds[i] === SAMPLE_STALE
    const text = histogram === undefined ? String(buffer.values[i]) : noteHistogram(histogram)
    return `${buffer.times[i]} ${stale ? 'stale' : text}`
  })
}
