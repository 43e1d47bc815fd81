import { ENDPOINTS, type Endpoint, envelopeOf, isOpen } from './endpoints.ts'
import { ref } from './json-schema.ts'
import { SCHEMAS } from './schemas.ts'

const DESCRIPTION = `Two rules hold for every endpoint below /api/v1 that answers with JSON, Prometheus' and our own:
a success is {"status": "success", "data": ...}, an error is {"status": "error", "errorType": ..., "error": ...}.
The report is the one exception: its JSON is the report itself, so that a saved file is one.
With multitenancy on, the header X-Scope-OrgID names the tenant.`

/** The API as an OpenAPI 3.1 document. */
export function openApiDocument(version: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Chokepoint analyzer',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ token: [] }, {}],
    paths: Object.fromEntries(ENDPOINTS.map((endpoint) => [endpoint.path, pathItem(endpoint)])),
    components: {
      schemas: SCHEMAS,
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  }
}

function pathItem(endpoint: Endpoint) {
  return Object.fromEntries(
    endpoint.methods.map((method) => [
      method,
      {
        operationId: operationId(method, endpoint),
        summary: endpoint.summary,
        ...(isOpen(endpoint) ? { security: [] } : {}),
        parameters: endpoint.parameters.map((parameter) => ({
          ...parameter,
          schema: { type: 'string' },
        })),
        responses: {
          200: { description: 'Success', content: successContent(endpoint) },
          default: {
            description: 'An error',
            content: { 'application/json': { schema: ref('Error') } },
          },
        },
      },
    ]),
  )
}

function successContent({ path, data, mediaTypes = [] }: Endpoint) {
  if (data !== undefined) return { 'application/json': { schema: envelopeOf(data) } }
  return Object.fromEntries(
    mediaTypes.map((type) => [
      type,
      path === '/api/v1/report' && type === 'application/json'
        ? { schema: ref('PerformanceReport') }
        : {},
    ]),
  )
}

/** `getLabelNameValues`: a name for generated clients. */
function operationId(method: string, { path }: Endpoint): string {
  const words = path.replace('/api/v1/', '').match(/[a-zA-Z0-9]+/g) ?? ['page']
  return method + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')
}
