import { expect } from 'chai'
import { findingOf, findingsOf } from './scenario/finding.ts'
import { world } from './scenario/world.ts'

describe('eventloop.sync_io', () => {
  const stalling = (name: string, seconds: number) => {
    const stalls = [{ everySeconds: 3, seconds, function: name }]
    return world({ services: [{ name: 'api', stalls }], seconds: 60 })
  }

  it('is stalls in functions that wait for a disk or a child process', () => {
    for (const name of ['readFileSync', 'fs.writeSync', 'execFileSync', 'DatabaseSync.exec']) {
      findingOf(stalling(name, 0.3), 'eventloop.sync_io')
    }
  })

  it('is not computation, however synchronous', () => {
    for (const name of ['pbkdf2Sync', 'priceReport', 'synchronize']) {
      expect(findingsOf(stalling(name, 0.3), 'eventloop.sync_io'), name).to.deep.equal([])
    }
    expect(findingsOf(stalling('readFileSync', 0.03), 'eventloop.sync_io')).to.deep.equal([])
  })
})
