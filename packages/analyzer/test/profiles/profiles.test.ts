import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import type { ChokepointError } from '../../src/model/errors.ts'
import { createProfiles, type Profiles, type ProfilesOptions } from '../../src/profiles/profiles.ts'

const LIMITS = { profileBytesMax: 1000, profilesMax: 5, profilesBytesMax: 5000 }
const PROFILE = gzipSync('a profile')

describe('profiles asked of a service', () => {
  let service: Server
  let answer: (request: IncomingMessage, response: ServerResponse) => void
  let url: string

  beforeEach(async () => {
    answer = (_request, response) => response.end(PROFILE)
    service = createServer((request, response) => answer(request, response))
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  })
  afterEach(() => {
    service.closeAllConnections()
    service.close()
  })

  function create(changes: Partial<ProfilesOptions> = {}): Profiles {
    return createProfiles({
      targets: [{ service: 'shop', url, token: 'the token', tenant: null }],
      limits: LIMITS,
      folder: undefined,
      multitenancy: false,
      clock: () => Date.UTC(2026, 0, 1),
      ...changes,
    })
  }

  async function refusal(work: Promise<unknown>): Promise<string> {
    const error = await work.then(
      () => expect.fail('it was not refused'),
      (caught: ChokepointError) => caught,
    )
    return `${error.code}: ${error.message}`
  }

  it('are asked for with the token, kept, listed and given', async () => {
    let asked = ''
    answer = (request, response) => {
      asked = `${request.url} ${request.headers.authorization}`
      response.end(PROFILE)
    }
    const profiles = create()
    const stored = await profiles.take('anonymous', 'shop', 'heap', 3)
    expect(asked).to.equal('/debug/pprof/heap?seconds=3 Bearer the token')
    expect(stored).to.deep.equal({
      ...{ id: '2026-01-01T00-00-00-000Z-heap-0', service: 'shop', kind: 'heap', seconds: 3 },
      ...{ time: '2026-01-01T00:00:00.000Z', bytes: PROFILE.length },
    })
    const state = { services: ['shop'], taking: [], stored: [stored] }
    expect(profiles.state('anonymous')).to.deep.equal(state)
    expect(Buffer.from(await profiles.read('anonymous', stored.id)).equals(PROFILE)).to.equal(true)
  })

  it('are asked of those only that the configuration names', async () => {
    expect(await refusal(create().take('anonymous', 'payment', 'cpu', 1))).to.equal(
      'NOT_FOUND: no profile can be asked of "payment": the configuration\'s profiles do not name it',
    )
  })

  it('are one at a time of a kind, and shown while they are taken', async () => {
    let finish = () => {}
    answer = (_request, response) => {
      finish = () => response.end(PROFILE)
    }
    const asked = new Promise<void>((resolve) => {
      service.once('request', () => resolve())
    })
    const profiles = create()
    const first = profiles.take('anonymous', 'shop', 'cpu', 1)
    await asked
    expect(profiles.state('anonymous').taking).to.deep.equal([{ service: 'shop', kind: 'cpu' }])
    expect(await refusal(profiles.take('anonymous', 'shop', 'cpu', 1))).to.equal(
      'OVERLOADED: a cpu profile of shop is being taken',
    )
    finish()
    await first
    expect(profiles.state('anonymous').taking).to.deep.equal([])
  })

  const answers: readonly [string, (response: ServerResponse) => void, RegExp][] = [
    ['refuses', (to) => to.writeHead(401).end('the token is wrong\n'), /answered 401 the token is/],
    ['sends elsewhere', (to) => to.writeHead(302, { location: url }).end(), /answered 302/],
    ['answers something else', (to) => to.end('<html>'), /no gzipped pprof file/],
    ['answers without end', (to) => to.end(Buffer.alloc(5000)), /longer than 1000 bytes/],
    ['hangs up', (to) => to.destroy(), /./],
  ]
  for (const [what, reply, reason] of answers) {
    it(`say why there is none when the service ${what}`, async () => {
      answer = (_request, response) => reply(response)
      const profiles = create()
      const told = await refusal(profiles.take('anonymous', 'shop', 'cpu', 1))
      expect(told).to.match(/^PROFILE_FAILED: shop gave no cpu profile: /)
      expect(told).to.match(reason)
      expect(profiles.state('anonymous')).to.deep.include({ taking: [], stored: [] })
    })
  }

  it('are given up when the analyzer stops', async () => {
    answer = () => profiles.close()
    const profiles = create()
    expect(await refusal(profiles.take('anonymous', 'shop', 'cpu', 60))).to.match(
      /the analyzer stopped/,
    )
  })

  it('belong to a tenant, where there are any', async () => {
    const targets = [{ service: 'shop', url, token: 'the token', tenant: 'blue' }]
    const profiles = create({ targets, multitenancy: true })
    const { id } = await profiles.take('blue', 'shop', 'cpu', 1)
    expect(profiles.state('blue').stored.map((one) => one.id)).to.deep.equal([id])
    expect(profiles.state('red')).to.deep.equal({ services: [], taking: [], stored: [] })
    expect(await refusal(profiles.take('red', 'shop', 'cpu', 1))).to.match(/^NOT_FOUND/)
    expect(await refusal(profiles.read('red', id))).to.match(/^NOT_FOUND/)
  })
})
