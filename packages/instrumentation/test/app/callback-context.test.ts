import { AsyncLocalStorage } from 'node:async_hooks'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect } from 'chai'
import { callbacksRestoreContext } from '../../src/app/callback-context.ts'

const SOURCE = new URL('../../src/app/callback-context.ts', import.meta.url).href

/** What the function says in a process with other flags. */
function saidWith(flag: string): string {
  const program = `const { callbacksRestoreContext } = await import('${SOURCE}'); console.log(callbacksRestoreContext())`
  const script = ['--input-type=module', '--eval', program]
  return execFileSync(process.execPath, [flag, ...script], { encoding: 'utf8' }).trim()
}

describe('a context that is entered in a callback of Node', () => {
  it('ends with it where contexts travel as frames, and not where they lie on resources', () => {
    expect(saidWith('--async-context-frame')).to.equal('true')
    expect(saidWith('--no-async-context-frame')).to.equal('false')
  })

  it('ends with the event of a request, also where the next one comes in the same bytes', async () => {
    expect(callbacksRestoreContext()).to.equal(true)
    const store = new AsyncLocalStorage<string>()
    const seen: (string | undefined)[] = []
    const server = createServer((_request, response) => {
      seen.push(store.getStore())
      store.enterWith('a request')
      response.end()
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(3))
    client.resume()
    while (seen.length < 3) await once(server, 'request')
    client.destroy()
    server.close()
    expect(seen).to.deep.equal([undefined, undefined, undefined])
  })
})
