import { expect } from 'chai'
import { z } from 'zod'
import type { StoredProfile } from '../../../src/model/profile.ts'
import { ENDPOINTS } from '../../../src/web/openapi/endpoints.ts'
import { recommendation } from '../../report/sample-view.ts'
import { startWeb, stopWebs } from '../web-fixture.ts'

interface Document {
  readonly paths: Record<
    string,
    Record<
      string,
      { operationId: string; responses: { 200: { content: Record<string, { schema?: object }> } } }
    >
  >
  readonly components: { readonly schemas: Record<string, object> }
}

const PROFILE: StoredProfile = {
  ...{ id: 'r1', service: 'shop', kind: 'cpu', seconds: 10 },
  ...{ time: '2026-01-01T00:00:00.000Z', bytes: 2 },
}

/** What to ask with, where an endpoint needs something. */
const QUERIES: Readonly<Record<string, string>> = {
  '/api/v1/query': '?query=up',
  '/api/v1/query_range': '?query=up&start=1&end=2&step=1',
  '/api/v1/query_exemplars': '?query=up',
  '/api/v1/format_query': '?query=up',
  '/api/v1/parse_query': '?query=up',
  '/api/v1/series': '?match[]=up',
}

describe('the OpenAPI document', () => {
  afterEach(stopWebs)

  it('describes each answer as it is', async () => {
    const { server, url } = await startWeb({
      actOnRecommendation: () => recommendation(),
      webhooks: {
        list: () => [],
        deliveries: () => [],
        test: async () => [],
        redeliver: async () => ({}),
      },
      profiles: {
        state: () => ({
          services: ['shop'],
          taking: [{ service: 'shop', kind: 'cpu' }],
          stored: [PROFILE],
        }),
        take: async () => PROFILE,
        read: async () => new Uint8Array([31, 139]),
      },
    })
    const { paths, components } = (await (
      await fetch(`${url}/api/v1/openapi.json`)
    ).json()) as Document
    for (const [path, item] of Object.entries(paths)) {
      for (const [method, { responses }] of Object.entries(item)) {
        const real = path
          .replace('{id}', 'r1')
          .replace('{action}', 'ignore')
          .replace('{name}', 'job')
        const response = await fetch(url + real + (QUERIES[path] ?? ''), {
          method: method.toUpperCase(),
        })
        expect([method, path, response.status]).to.deep.equal([method, path, 200])
        const schema = responses[200].content['application/json']?.schema
        if (schema === undefined) continue
        const validator = z.fromJSONSchema({
          ...relocate(schema),
          $defs: relocate(components.schemas) as Record<string, z.core.JSONSchema.JSONSchema>,
        })
        const { success, error } = validator.safeParse(await response.json())
        expect([method, path, success, error?.message]).to.deep.equal([
          method,
          path,
          true,
          undefined,
        ])
      }
    }
    await server.close()
  })

  it('names every operation once', () => {
    const paths = ENDPOINTS.map(({ path }) => path)
    expect(new Set(paths).size).to.equal(paths.length)
  })
})

/** References as a stand-alone JSON Schema has them. */
function relocate(schema: object): Record<string, unknown> {
  return JSON.parse(
    JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/'),
  ) as Record<string, unknown>
}
