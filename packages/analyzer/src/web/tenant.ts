import type { FastifyRequest } from 'fastify'
import { ChokepointError } from '../model/errors.ts'

/** The tenant of every request when multitenancy is off, as in Mimir and Loki. */
export const ANONYMOUS = 'anonymous'

const TENANT_LENGTH_MAX = 150
const TENANT = /^[a-zA-Z0-9!\-_.*'()]+$/
const tenants = new WeakMap<FastifyRequest, string>()

/** Reads the tenant from `X-Scope-OrgID` once, when a request comes in. */
export function rememberTenant(request: FastifyRequest, multitenancy: boolean): void {
  tenants.set(request, multitenancy ? readTenant(request) : ANONYMOUS)
}

/** The tenant that a request speaks for. */
export function tenantOf(request: FastifyRequest): string {
  return tenants.get(request) ?? ANONYMOUS
}

function readTenant(request: FastifyRequest): string {
  const header = request.headers['x-scope-orgid']
  if (typeof header !== 'string' || header === '') {
    throw new ChokepointError('UNAUTHORIZED', 'no org id: the header X-Scope-OrgID is missing')
  }
  if (header.length > TENANT_LENGTH_MAX || !TENANT.test(header) || /^\.\.?$/.test(header)) {
    throw new ChokepointError(
      'PARAMETER_INVALID',
      `the header X-Scope-OrgID must be 1 to ${TENANT_LENGTH_MAX} letters, digits or !-_.*'(), and not . or ..`,
    )
  }
  return header
}
