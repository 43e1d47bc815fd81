import { appendFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { DeliveryLedger } from '../../src/notify/delivery-ledger.ts'
import type { StoredDelivery } from '../../src/notify/stored-delivery.ts'

function delivery(id: string, changes: Partial<StoredDelivery> = {}): StoredDelivery {
  return {
    id,
    endpoint: 'ops',
    url: 'https://example.org/',
    type: 'alert.firing',
    status: 'pending',
    createdAt: '2026-01-01T00:00:00.000Z',
    bytes: 100,
    attempts: [],
    attemptCount: 0,
    failures: 0,
    tenant: '',
    body: 'x'.repeat(100),
    ...changes,
  }
}

describe('delivery ledger', () => {
  let directory = ''
  let file = ''

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'chokepoint-ledger-'))
    file = join(directory, 'deep', 'webhooks.jsonl')
  })

  afterEach(() => rmSync(directory, { recursive: true }))

  function open(limits: Partial<{ pendingBytesMax: number; endedMax: number }> = {}) {
    const dropped: string[] = []
    const problems: string[] = []
    const ledger = new DeliveryLedger({
      pendingBytesMax: 10_000,
      endedMax: 100,
      file,
      onProblem: (message) => problems.push(message),
      onDrop: ({ id }) => dropped.push(id),
      ...limits,
    })
    return { ledger, dropped, problems }
  }

  it('has the newest state of each delivery after a kill, the last line cut off or not', () => {
    const { ledger } = open()
    ledger.keep(delivery('a'))
    ledger.keep(delivery('b'))
    ledger.keep(delivery('a', { status: 'delivered' }))
    // Not closed: a killed process closes nothing.
    appendFileSync(file, '{"delivery":{"id":"b","stat')
    const again = open().ledger
    expect(again.all().map(({ id, status }) => `${id} ${status}`)).to.deep.equal([
      'a delivered',
      'b pending',
    ])
    expect(again.pendingBytes).to.equal(100)
  })

  it('remembers which endpoint said that it is gone, until its address changes', () => {
    open().ledger.disable('ops', 'https://example.org/secret')
    const { ledger } = open()
    expect(ledger.isDisabled('ops', 'https://example.org/secret')).to.equal(true)
    expect(ledger.isDisabled('ops', 'https://example.org/other')).to.equal(false)
    ledger.enable('ops')
    expect(open().ledger.isDisabled('ops', 'https://example.org/secret')).to.equal(false)
  })

  it('drops the oldest that wait and forgets the oldest that ended', () => {
    const { ledger, dropped } = open({ pendingBytesMax: 250, endedMax: 2 })
    for (const id of ['a', 'b', 'c', 'd', 'e']) ledger.keep(delivery(id))
    expect(dropped).to.deep.equal(['a', 'b', 'c'])
    expect(ledger.all().map(({ id, status }) => `${id} ${status}`)).to.deep.equal([
      'b dropped',
      'c dropped',
      'd pending',
      'e pending',
    ])
    expect(ledger.pendingBytes).to.equal(200)
  })

  it('keeps its file short, however often a delivery changes', () => {
    const { ledger } = open()
    const body = 'x'.repeat(20_000)
    for (let count = 0; count < 1000; count++)
      ledger.keep(delivery('a', { attemptCount: count, body }))
    expect(statSync(file).size).to.be.below(5_000_000)
    expect(open().ledger.get('a')?.attemptCount).to.equal(999)
  })

  it('lets only its owner read the file', () => {
    open()
    expect(statSync(file).mode & 0o777).to.equal(0o600)
  })

  it('goes on in memory when the disk refuses, and says so', () => {
    appendFileSync(join(directory, 'a-file'), '')
    file = join(directory, 'a-file', 'webhooks.jsonl')
    const { ledger, problems } = open()
    ledger.keep(delivery('a'))
    expect(ledger.get('a')?.status).to.equal('pending')
    expect(problems[0]).to.match(/^cannot read the webhook log .*webhooks\.jsonl: EEXIST/)
  })

  it('does not forget a delivery that was just sent again by hand, however old it is', () => {
    const { ledger } = open({ endedMax: 2 })
    for (const id of ['a', 'b']) ledger.keep(delivery(id, { status: 'dead' }))
    ledger.keep(delivery('c'))
    ledger.keep(delivery('c', { status: 'dead' }))
    ledger.keep(delivery('b', { status: 'delivered' }))
    expect(ledger.all().map(({ id, status }) => `${id} ${status}`)).to.deep.equal([
      'b delivered',
      'c dead',
    ])
    ledger.keep(delivery('d'))
    ledger.keep(delivery('b', { status: 'pending' }))
    ledger.keep(delivery('d', { status: 'dead' }))
    ledger.keep(delivery('b', { status: 'delivered' }))
    expect(ledger.get('b')?.status).to.equal('delivered')
  })
})
