import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { AlertTransition } from '../../src/model/alert.ts'
import { createAlertHistory } from '../../src/rules/history.ts'
import { openHistoryFile } from '../../src/rules/history-file.ts'
import { firingAlert } from '../notify/events.ts'

function transition(value: number): AlertTransition {
  const alert = firingAlert({ value })
  return { alert, from: 'pending', to: 'firing', at: alert.activeSince }
}

describe('alert history', () => {
  let directory = ''

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'chokepoint-history-'))
  })

  afterEach(() => rmSync(directory, { recursive: true }))

  function open(max: number) {
    return createAlertHistory(
      max,
      openHistoryFile(join(directory, 'sub', 'history.jsonl'), (message) => {
        throw new Error(message)
      }),
    )
  }

  const values = (history: ReturnType<typeof open>) =>
    history.list().map(({ alert }) => alert.value)

  it('has the transitions of an earlier process, in order', () => {
    const first = open(10)
    for (const value of [1, 2, 3]) first.add(transition(value))
    const second = open(10)
    second.add(transition(4))
    expect(values(second)).to.deep.equal([1, 2, 3, 4])
  })

  it('keeps the newest within its bound, in memory and on disk, and counts the rest', () => {
    const history = open(5)
    for (let value = 0; value < 23; value++) history.add(transition(value))
    expect(values(history)).to.deep.equal([18, 19, 20, 21, 22])
    expect(history.forgotten()).to.equal(18)
    const lines = readFileSync(join(directory, 'sub', 'history.jsonl'), 'utf8')
      .trim()
      .split('\n')
    expect(lines.length).to.be.below(10)
    expect(values(open(5))).to.deep.equal([18, 19, 20, 21, 22])
  })

  it('leaves out a line that a crash cut off', () => {
    open(5).add(transition(1))
    appendFileSync(join(directory, 'sub', 'history.jsonl'), '{"alert":{"id"')
    const history = open(5)
    history.add(transition(2))
    expect(values(open(5))).to.deep.equal([1, 2])
  })

  it('tells when the disk refuses, and goes on in memory', () => {
    const problems: string[] = []
    const blocked = join(directory, 'a-file')
    appendFileSync(blocked, 'not a folder')
    const history = createAlertHistory(
      5,
      openHistoryFile(join(blocked, 'history.jsonl'), (message) => problems.push(message)),
    )
    history.add(transition(1))
    expect(values(history)).to.deep.equal([1])
    expect(problems[0]).to.match(/^cannot read the alert history .*history.jsonl: EEXIST/)
  })
})
