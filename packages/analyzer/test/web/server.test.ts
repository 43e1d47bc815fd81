import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { expect } from 'chai'
import { ChokepointError } from '../../src/model/errors.ts'
import type { WebServerOptions } from '../../src/web/server.ts'
import { emptyView, NOW_MS, recommendation, sampleView } from '../report/sample-view.ts'
import { answered, fixedPort, startWeb, stopWebs, vector } from './web-fixture.ts'

/** Starts a server, asks it, and stops it. */
async function ask(
  path: string,
  init: RequestInit = {},
  changes: Partial<WebServerOptions> = {},
): Promise<{ status: number; type: string; text: string; body: Record<string, unknown> }> {
  const { server, url } = await startWeb(changes)
  try {
    const response = await fetch(url + path, init)
    const text = await response.text()
    const type = response.headers.get('content-type') ?? ''
    const body = type.startsWith('application/json') ? JSON.parse(text) : {}
    return { status: response.status, type, text, body }
  } finally {
    await server.close()
  }
}

describe('the web server', () => {
  afterEach(stopWebs)

  it('answers for health, readiness and its own metrics', async () => {
    expect(await ask('/-/healthy')).to.include({ status: 200, text: 'Chokepoint is Healthy.\n' })
    expect(await ask('/-/ready')).to.include({ status: 200, text: 'Chokepoint is Ready.\n' })
    expect(await ask('/-/ready', {}, { ready: () => false })).to.include({ status: 503 })
    const metrics = await ask('/metrics')
    expect(metrics.type).to.equal('text/plain; version=0.0.4; charset=utf-8')
    expect(metrics.text).to.contain('up 1')
  })

  it('gives the lists and the snapshot in the envelope of Prometheus', async () => {
    for (const [path, length] of [
      ['components', 6],
      ['bottlenecks', 4],
      ['recommendations', 3],
      ['alerts/history', 3],
    ] as const) {
      const { status, body } = await ask(`/api/v1/${path}`)
      expect([path, status, body.status, (body.data as unknown[]).length]).to.deep.equal([
        path,
        200,
        'success',
        length,
      ])
    }
    const { body } = await ask('/api/v1/snapshot')
    expect((body.data as Record<string, unknown>).health).to.equal('critical')
  })

  it('writes the report in each format over the window asked for', async () => {
    const json = await ask('/api/v1/report?window=5m')
    expect(json.type).to.equal('application/json; charset=utf-8')
    expect((json.body.window as Record<string, unknown>).seconds).to.equal(300)
    const csv = await ask('/api/v1/report?format=csv')
    expect(csv.type).to.contain('text/csv')
    expect(csv.text).to.match(/^section,id,type/)
    const html = await ask('/api/v1/report?format=html')
    expect(html.type).to.equal('text/html; charset=utf-8')
    expect(html.text).to.match(/^<!doctype html>/)
  })

  it('refuses a format and a window that it does not know', async () => {
    expect((await ask('/api/v1/report?format=pdf')).body).to.deep.equal({
      status: 'error',
      errorType: 'bad_data',
      error: 'invalid parameter "format": there is json, csv and html, not "pdf"',
    })
    const { status, body } = await ask('/api/v1/report?window=5lightyears')
    expect([status, body.error]).to.deep.equal([
      400,
      'invalid parameter "window": cannot parse "5lightyears" to a valid duration',
    ])
    expect((await ask('/api/v1/report?window=500y')).body.error).to.equal(
      'invalid parameter "window": it must be from 1s to 31d, not 500y',
    )
  })

  it('acts on a recommendation, and says what it cannot do', async () => {
    const act = (path: string, changes: Partial<WebServerOptions> = {}) =>
      ask(`/api/v1/recommendations/${path}`, { method: 'POST' }, changes)
    const done = await act('r1/ignore', {
      actOnRecommendation: (_tenant, id) => recommendation({ id, status: 'ignored' }),
    })
    expect((done.body.data as Record<string, unknown>).status).to.equal('ignored')
    expect(await act('r9/ignore')).to.deep.include({
      status: 404,
      body: { status: 'error', errorType: 'not_found', error: 'there is no recommendation r9' },
    })
    expect((await act('r1/delete')).body.error).to.equal(
      'a recommendation can be acknowledged, ignored or reopened, but there is no action "delete"',
    )
  })

  it('shows what was done to a recommendation in the next answer to the page', async () => {
    let current = recommendation()
    const view = sampleView({ recommendations: () => [current] })
    const actOnRecommendation = () => {
      current = recommendation({ status: 'ignored' })
      return current
    }
    const { url } = await startWeb({ actOnRecommendation }, view)
    const shown = async () => (await fetch(`${url}/api/v1/live`)).text()
    expect(await shown()).not.to.contain('>ignored<')
    await fetch(`${url}/api/v1/recommendations/r1/ignore`, { method: 'POST' })
    expect(await shown()).to.contain('>ignored<')
  })

  it('refuses a write that a page of another site sends', async () => {
    const { server, url } = await startWeb()
    // fetch() does not let a program set this header; a browser does by itself.
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const call = request(`${url}/api/v1/webhooks/test`, {
        method: 'POST',
        headers: { 'sec-fetch-site': 'cross-site' },
      })
      call.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject)
      call.end()
    })
    expect(status).to.equal(403)
    await server.close()
  })

  it('gives each tenant its own view, and asks for the tenant when there are many', async () => {
    const options: Partial<WebServerOptions> = {
      multitenancy: true,
      view: (tenant) => (tenant === 'shop' ? sampleView() : emptyView()),
    }
    const as = (tenant: string) =>
      ask('/api/v1/bottlenecks', { headers: { 'x-scope-orgid': tenant } }, options)
    expect((await as('shop')).body.data).to.have.length(4)
    expect((await as('other')).body.data).to.have.length(0)
    expect(await ask('/api/v1/bottlenecks', {}, options)).to.deep.include({
      status: 401,
      body: {
        status: 'error',
        errorType: 'bad_data',
        error: 'no org id: the header X-Scope-OrgID is missing',
      },
    })
    expect((await as('../etc')).status).to.equal(400)
  })

  it('lets in only who has a token, except for health and the page without data', async () => {
    const options: Partial<WebServerOptions> = { tokens: ['first', 'second'] }
    const statusOf = async (path: string, authorization = '') =>
      (await ask(path, { headers: { authorization } }, options)).status
    expect(await statusOf('/api/v1/snapshot')).to.equal(401)
    expect(await statusOf('/api/v1/snapshot', 'Bearer third')).to.equal(401)
    expect(await statusOf('/api/v1/snapshot', 'Bearer second')).to.equal(200)
    expect(await statusOf('/metrics')).to.equal(401)
    expect(await statusOf('/api/v1/live')).to.equal(401)
    expect(await statusOf('/-/ready')).to.equal(200)
    const page = await ask('/', {}, options)
    expect(page.status).to.equal(200)
    expect(page.text).not.to.contain('shop/catalog')
  })

  it('hands an OTLP request to the receiver unread', async () => {
    const bytes: Buffer[] = []
    const { status } = await ask(
      '/api/v1/otlp/v1/metrics',
      {
        method: 'POST',
        body: new Uint8Array([10, 0]),
        headers: { 'content-type': 'application/x-protobuf' },
      },
      {
        otlp: (message, response) => {
          message.on('data', (chunk: Buffer) => bytes.push(chunk))
          message.on('end', () => response.writeHead(202).end())
        },
      },
    )
    expect(status).to.equal(202)
    expect([...Buffer.concat(bytes)]).to.deep.equal([10, 0])
  })

  it('packs long answers for who takes gzip', async () => {
    const { server, url } = await startWeb()
    const packed = await new Promise<{ encoding: unknown; bytes: Buffer }>((resolve, reject) => {
      request(`${url}/api/v1/report`, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({ encoding: response.headers['content-encoding'], bytes: Buffer.concat(chunks) }),
        )
      })
        .on('error', reject)
        .end()
    })
    expect(packed.encoding).to.equal('gzip')
    expect(JSON.parse(gunzipSync(packed.bytes).toString())).to.have.property(
      'product',
      'chokepoint',
    )
    await server.close()
  })

  it('sends a very long answer piece by piece, packed or not', async () => {
    const samples = Array.from(
      { length: 20_000 },
      (_, i) => [{ __name__: 'up', instance: `host-${i}` }, i] as const,
    )
    const port = fixedPort({ query: () => answered(() => vector(...samples)) })
    const { server, url } = await startWeb({ prometheus: () => port })
    for (const encoding of ['identity', 'gzip']) {
      const response = await fetch(`${url}/api/v1/query?query=up`, {
        headers: { 'accept-encoding': encoding },
      })
      expect(response.headers.get('content-type')).to.equal('application/json')
      // Nobody counted the bytes of all of it before the first ones left.
      expect(response.headers.get('content-length')).to.equal(null)
      expect(response.headers.get('content-encoding') ?? 'identity').to.equal(encoding)
      const { status, data } = (await response.json()) as {
        status: string
        data: { result: { metric: { instance: string }; value: [number, string] }[] }
      }
      expect([status, data.result.length]).to.deep.equal(['success', 20_000])
      expect(data.result.at(-1)).to.deep.equal({
        metric: { __name__: 'up', instance: 'host-19999' },
        value: [NOW_MS / 1000, '19999'],
      })
    }
    await server.close()
  })

  it('says what there is where nothing is', async () => {
    const { status, body } = await ask('/api/v2/query')
    expect([status, body.errorType, body.error]).to.deep.equal([
      404,
      'not_found',
      'there is no GET /api/v2/query; /api/v1/openapi.json lists what there is',
    ])
  })

  it('keeps the cause of an unexpected failure to itself, and reports it inside', async () => {
    const failure = new Error('the secret detail')
    const { server, url, internalErrors } = await startWeb({
      view: () => {
        throw failure
      },
    })
    const response = await fetch(`${url}/api/v1/snapshot`)
    expect(response.status).to.equal(500)
    expect(await response.text()).not.to.contain('secret')
    expect(internalErrors).to.deep.equal([failure])
    await server.close()
  })

  it('names the port that is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as AddressInfo
    const error = await startWeb({}, undefined, port).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    other.close()
    expect(error).to.be.instanceOf(ChokepointError)
    expect((error as ChokepointError).code).to.equal('PORT_IN_USE')
    expect((error as ChokepointError).message).to.equal(
      `cannot listen on 127.0.0.1:${port} for the API: the port is in use`,
    )
  })
})
