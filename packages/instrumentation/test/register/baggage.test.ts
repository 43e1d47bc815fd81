import { request } from 'node:http'
import { expect } from 'chai'
import { AppProcess } from './app-process.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const HEADERS = {
  traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
  tracestate: 'vendor=abc',
  baggage: 'user=42',
}

/** Posts in two pieces, the second of which comes by itself. */
function post(url: string): Promise<Record<string, string>> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers: HEADERS }, async (answer) => {
      let text = ''
      for await (const chunk of answer) text += chunk
      resolve(JSON.parse(text))
    })
    outgoing.on('error', reject)
    outgoing.write('one')
    setTimeout(() => outgoing.end('two'), 50)
  })
}

describe('W3C context under the preload', () => {
  let app: AppProcess
  let url: string

  async function start(environment: Record<string, string> = {}): Promise<void> {
    app = new AppProcess('baggage-app.mjs', {
      preload: '--import',
      environment: { OTEL_METRICS_EXPORTER: 'none', OTEL_TRACES_EXPORTER: 'none', ...environment },
    })
    url = await app.listening()
  }

  afterEach(async () => {
    app.child.kill('SIGKILL')
    await app.ended
  })

  it('reaches the app in a listener of the end of a body, and whoever it calls', async () => {
    await start()
    expect(await post(`${url}/seen`)).to.deep.equal({ user: '42', traceId: TRACE })
    for (const way of ['fetch', 'get']) {
      const headers = await post(`${url}/${way}`)
      expect(headers.traceparent).to.match(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`))
      expect(headers).to.include({ tracestate: 'vendor=abc', baggage: 'user=42' })
    }
  })

  it('carries what the app adds to its baggage, and leaves headers of the app as they are', async () => {
    await start()
    expect((await post(`${url}/add`)).baggage).to.equal('user=42,cart=a%20b')
    const own = await post(`${url}/own`)
    expect(own).to.include({ traceparent: 'mine', baggage: 'mine=1' })
  })

  it('goes as far as OTEL_PROPAGATORS says', async () => {
    await start({ OTEL_PROPAGATORS: 'baggage' })
    const headers = await post(`${url}/fetch`)
    expect(headers).to.include({ baggage: 'user=42' })
    expect(headers).to.not.have.any.keys('traceparent', 'tracestate')
    app.child.kill('SIGKILL')
    await app.ended
    await start({ OTEL_PROPAGATORS: 'tracecontext' })
    expect(await post(`${url}/fetch`)).to.not.have.property('baggage')
  })
})
