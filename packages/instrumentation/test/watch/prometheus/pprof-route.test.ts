import { expect } from 'chai'
import { ProfileBusyError, type ProfileKind } from '../../../src/watch/profiles/profile-taker.ts'
import { type MetricsEndpoint, serveMetrics } from '../../../src/watch/prometheus/endpoint.ts'
import { createPprofRoute } from '../../../src/watch/prometheus/pprof-route.ts'

const TOKEN = 'a-token-that-nobody-guesses'

describe('profiles on the port of /metrics', () => {
  let endpoint: MetricsEndpoint
  let taken: [ProfileKind, number][]
  let take: (kind: ProfileKind, seconds: number) => Promise<Uint8Array>

  beforeEach(async () => {
    taken = []
    take = async (kind, seconds) => {
      taken.push([kind, seconds])
      return Buffer.from('profile')
    }
    const route = createPprofRoute({ token: TOKEN, seconds: 7, take: (...args) => take(...args) })
    const settings = { host: '127.0.0.1', port: 0 }
    endpoint = await serveMetrics(
      settings,
      async () => '',
      () => undefined,
      route,
    )
  })

  afterEach(() => endpoint.close())

  const get = (path: string, authorization = `Bearer ${TOKEN}`, method = 'GET') =>
    fetch(`http://127.0.0.1:${endpoint.address!.port}/debug/pprof/${path}`, {
      method,
      headers: { authorization },
    })

  it('are for who knows the token, as bearer or as password', async () => {
    const basic = `Basic ${Buffer.from(`any:${TOKEN}`).toString('base64')}`
    expect((await get('profile', basic)).status).to.equal(200)
    const answer = await get('heap?seconds=3')
    expect(answer.status).to.equal(200)
    expect(answer.headers.get('content-type')).to.equal('application/octet-stream')
    expect(await answer.text()).to.equal('profile')
    expect(taken).to.deep.equal([
      ['cpu', 7],
      ['heap', 3],
    ])
  })

  it('are refused to all others, whatever they ask for', async () => {
    const wrong = ['', 'Bearer ', `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Token ${TOKEN}`]
    for (const authorization of [...wrong, 'Basic !!!', 'Basic Og==']) {
      for (const path of ['profile', 'nothing']) {
        const answer = await get(path, authorization)
        expect(answer.status, authorization).to.equal(401)
        expect(answer.headers.get('www-authenticate')).to.match(/^Basic /)
      }
    }
    expect(taken).to.deep.equal([])
  })

  it('say what is wrong with a request', async () => {
    expect((await get('allocs')).status).to.equal(404)
    expect((await get('profile', undefined, 'POST')).status).to.equal(405)
    for (const seconds of ['0', '-1', '301', 'x', 'NaN', 'Infinity']) {
      expect((await get(`profile?seconds=${seconds}`)).status, seconds).to.equal(400)
    }
    expect(taken).to.deep.equal([])
  })

  it('say that one is being taken, or why none can be', async () => {
    take = () => Promise.reject(new ProfileBusyError('cpu'))
    const busy = await get('profile')
    expect([busy.status, await busy.text()]).to.deep.equal([
      409,
      'a cpu profile is being taken already\n',
    ])
    take = () => Promise.reject(new Error('no inspector'))
    const failed = await get('profile')
    expect([failed.status, await failed.text()]).to.deep.equal([503, 'no inspector\n'])
  })

  it('are not there without a token in the settings', async () => {
    const settings = { host: '127.0.0.1', port: 0 }
    const without = await serveMetrics(
      settings,
      async () => '',
      () => undefined,
    )
    const url = `http://127.0.0.1:${without.address!.port}/debug/pprof/profile`
    const answer = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } })
    expect(answer.status).to.equal(404)
    without.close()
  })
})
