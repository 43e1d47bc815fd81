import { ChokepointError } from '../model/errors.ts'

/** The header that names a tenant. */
export const TENANT_HEADER = 'x-scope-orgid'

/** The tenant of everything while multi-tenancy is off. */
export const SINGLE_TENANT = 'anonymous'

// Names become file names and label values; the characters are those that Mimir allows.
const TENANT_ID = /^[a-zA-Z0-9!_.*'()-]{1,150}$/

/** The tenant that a request belongs to. Throws UNAUTHORIZED without one, PARAMETER_INVALID for a bad name. */
export function tenantOf(header: string | undefined, multitenancy: boolean): string {
  if (!multitenancy) return SINGLE_TENANT
  if (header === undefined || header === '') {
    throw new ChokepointError('UNAUTHORIZED', 'no tenant: the header X-Scope-OrgID is missing')
  }
  if (!TENANT_ID.test(header) || header === '.' || header === '..') {
    throw new ChokepointError(
      'PARAMETER_INVALID',
      `bad tenant ${JSON.stringify(header.slice(0, 160))}: letters, digits and !_.*'()- are allowed, up to 150`,
    )
  }
  return header
}
