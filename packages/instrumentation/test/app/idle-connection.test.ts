import { AsyncLocalStorage } from 'node:async_hooks'
import { execFileSync } from 'node:child_process'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { IdleConnections } from '../../src/app/idle-connection.ts'

const PROGRAM = join(import.meta.dirname, 'fixtures', 'idle-connection.mjs')

/** What we and the app see in the timeout of a connection that has served one request, and rests. */
function storesAtTimeout(forget: boolean, appHasStore: boolean): unknown {
  const env = { ...process.env, FORGET: String(forget), APP_STORE: String(appHasStore) }
  return JSON.parse(execFileSync(process.execPath, [PROGRAM], { env, encoding: 'utf8' }))
}

describe('a connection that waits for its next request', () => {
  it('keeps the context of the last one, if it is left to Node', () => {
    expect(storesAtTimeout(false, false)).to.deep.equal(['of the request', null])
  })

  it('forgets it', () => {
    expect(storesAtTimeout(true, false)).to.deep.equal([null, null])
  })

  it('keeps what else the app has in it', () => {
    expect(storesAtTimeout(true, true)).to.deep.equal(['of the request', 'of the app'])
  })

  it('is left alone where it is none, or Node keeps its timers elsewhere', () => {
    const connections = new IdleConnections(new AsyncLocalStorage())
    const unknown = new Socket()
    for (const key of Object.getOwnPropertySymbols(unknown)) Reflect.deleteProperty(unknown, key)
    for (const socket of [{}, { [Symbol('timeout')]: { other: 1 } }, unknown]) {
      expect(() => connections.forget(socket)).not.to.throw()
    }
  })
})
