import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect } from 'chai'
import { openHistoryFile } from '../src/history-file.ts'
import type { AlertTransition } from '../src/model/alert.ts'
import { type AlertHistory, createAlertHistory } from '../src/rules/history.ts'
import { firingAlert } from './notify/events.ts'

function transition(value: number): AlertTransition {
  const alert = firingAlert({ value })
  return { alert, from: 'pending', to: 'firing', at: alert.activeSince }
}

describe('alert history', () => {
  let directory = ''

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'chokepoint-history-'))
  })

  afterEach(async () => {
    await Promise.all(opened.map((history) => history.flush()))
    opened.length = 0
    rmSync(directory, { recursive: true })
  })

  const opened: AlertHistory[] = []

  function open(max: number): AlertHistory {
    const history = createAlertHistory(
      max,
      openHistoryFile(join(directory, 'sub', 'history.jsonl'), (message) => {
        throw new Error(message)
      }),
    )
    opened.push(history)
    return history
  }

  const values = (history: AlertHistory) => history.list().map(({ alert }) => alert.value)

  it('has the transitions of an earlier process, in order', async () => {
    const first = open(10)
    for (const value of [1, 2, 3]) first.add(transition(value))
    await first.flush()
    const second = open(10)
    second.add(transition(4))
    expect(values(second)).to.deep.equal([1, 2, 3, 4])
  })

  it('keeps the newest within its bound, in memory and on disk, and counts the rest', async () => {
    const history = open(5)
    for (let value = 0; value < 23; value++) history.add(transition(value))
    expect(values(history)).to.deep.equal([18, 19, 20, 21, 22])
    expect(history.forgotten()).to.equal(18)
    await history.flush()
    const lines = readFileSync(join(directory, 'sub', 'history.jsonl'), 'utf8')
      .trim()
      .split('\n')
    expect(lines.length).to.be.below(10)
    expect(values(open(5))).to.deep.equal([18, 19, 20, 21, 22])
  })

  it('leaves out a line that a crash cut off', async () => {
    const first = open(5)
    first.add(transition(1))
    await first.flush()
    appendFileSync(join(directory, 'sub', 'history.jsonl'), '{"alert":{"id"')
    const history = open(5)
    history.add(transition(2))
    await history.flush()
    expect(values(open(5))).to.deep.equal([1, 2])
  })

  it('loses nothing that is added while the file is written anew', async () => {
    const history = open(3)
    for (let value = 0; value < 30; value++) {
      history.add(transition(value))
      if (value % 7 === 0) await setImmediate()
    }
    await history.flush()
    expect(values(open(3))).to.deep.equal([27, 28, 29])
  })

  it('writes nothing as long as there is nothing to write', async () => {
    const first = open(3)
    await first.flush()
    expect(readdirSync(directory)).to.deep.equal([])
  })

  it('tells when the disk refuses, and goes on in memory', async () => {
    const problems: string[] = []
    const blocked = join(directory, 'a-file')
    appendFileSync(blocked, 'not a folder')
    const history = createAlertHistory(
      5,
      openHistoryFile(join(blocked, 'history.jsonl'), (message) => problems.push(message)),
    )
    history.add(transition(1))
    await history.flush()
    expect(values(history)).to.deep.equal([1])
    expect(problems[0]).to.match(/^cannot write the alert history .*history.jsonl: E(EXIST|NOTDIR)/)
  })
})
