import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openStateFile } from '../src/state-file.ts'

describe('a state file', () => {
  let folder = ''
  const problems: string[] = []

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-state-'))
    problems.length = 0
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  const path = () => join(folder, 'sub', 'state.json')
  const open = () => openStateFile<unknown>(path(), (message) => problems.push(message))

  it('gives back what was saved, whatever JSON there is in it', async () => {
    const state = {
      empty: {},
      none: [],
      text: '"\n\u2028',
      gone: undefined,
      list: [1, null, 'a', [{ b: [true, { c: [[{ d: 1.5 }]] }] }]],
    }
    await open().save(state)
    expect(readFileSync(path(), 'utf8')).to.equal(JSON.stringify(state))
    expect(open().load()).to.deep.equal(JSON.parse(JSON.stringify(state)))
  })

  it('gives back a large state of many pieces', async () => {
    const alert = { labels: { alertname: 'High', host: 'a'.repeat(300) }, state: 'firing' }
    const rules = [{ rule: 'r', active: new Array(2000).fill(alert) }]
    await open().save({ rules: { rules } })
    expect(open().load()).to.deep.equal({ rules: { rules } })
  })

  it('has the last of many that are saved at once, and writes none in vain', async () => {
    const file = open()
    await Promise.all([1, 2, 3].map((value) => file.save({ value })))
    expect(open().load()).to.deep.equal({ value: 3 })
    const before = statSync(path()).ino
    await file.save({ value: 3 })
    expect(statSync(path()).ino).to.equal(before)
  })

  it('tells what it could not read or write, and goes on', async () => {
    writeFileSync(join(folder, 'sub'), 'no folder')
    await open().save({})
    expect(open().load()).to.equal(undefined)
    expect(problems.join()).to.match(/cannot write the state .*, ?cannot read the state .*/)
    rmSync(join(folder, 'sub'))
    await open().save({ value: 1 })
    writeFileSync(path(), '{"value":')
    expect(open().load()).to.equal(undefined)
  })
})
