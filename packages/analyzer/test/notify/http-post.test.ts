import { expect } from 'chai'
import { httpPost, type PostRequest } from '../../src/notify/http-post.ts'
import { type Answer, startReceiver } from './receiver.ts'

describe('http post', () => {
  const open: { close: () => Promise<void> }[] = []

  afterEach(async () => {
    for (const each of open.splice(0)) await each.close()
  })

  async function receiver(answer?: Answer) {
    const started = await startReceiver(() => answer ?? { status: 204 })
    open.push(started)
    return { ...started, port: new URL(started.url).port }
  }

  function request(url: string, changes: Partial<PostRequest> = {}): PostRequest {
    const { signal } = new AbortController()
    return {
      url,
      headers: {},
      body: 'ü',
      timeoutMs: 60_000,
      allowPrivate: undefined,
      signal,
      ...changes,
    }
  }

  it('connects to the address that was checked, and asks no name server again', async () => {
    const { port, received } = await receiver()
    let asked = 0
    const resolve = async () => {
      asked++
      return [{ address: '127.0.0.1', family: 4 }]
    }
    const answer = await httpPost(
      request(`http://hook.invalid:${port}/x`, { allowPrivate: true }),
      resolve,
    )
    expect(answer.status).to.equal(204)
    expect(asked).to.equal(1)
    expect(received[0]).to.deep.include({ path: '/x', body: 'ü' })
    expect(received[0]?.headers.host).to.equal(`hook.invalid:${port}`)
  })

  it('sends nothing to a name that leads inside', async () => {
    const { port, received } = await receiver()
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
    const error = await httpPost(request(`http://hook.invalid:${port}/`), resolve).catch(
      (error: Error) => error,
    )
    expect(error).to.have.property('message').that.includes('hook.invalid resolves to 127.0.0.1')
    expect(received).to.deep.equal([])
  })

  it('reads no more of an answer than its beginning', async () => {
    const { url } = await receiver({ status: 500, text: 'x'.repeat(5_000_000) })
    const { status, text } = await httpPost(request(url))
    expect(status).to.equal(500)
    expect(text).to.have.length(500)
  })

  it('says that nobody listens', async () => {
    const { url, close } = await startReceiver()
    await close()
    const error = await httpPost(request(url)).catch((error: Error) => error)
    expect(error)
      .to.have.property('message')
      .that.matches(/^connect ECONNREFUSED 127\.0\.0\.1:/)
  })

  it('stops at once when it is told to', async () => {
    const stop = new AbortController()
    const silent = await startReceiver(() => undefined)
    open.push(silent)
    const sending = httpPost(request(silent.url, { signal: stop.signal })).catch(
      (error: Error) => error,
    )
    await silent.got(1)
    stop.abort()
    expect(await sending).to.have.property(
      'message',
      'the analyzer stopped while it waited for the answer',
    )
  })
})
