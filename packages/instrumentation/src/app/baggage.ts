import {
  type Baggage,
  type BaggageEntry,
  baggageEntryMetadataFromString,
  propagation,
} from '@opentelemetry/api'

/** The key under which OpenTelemetry's API keeps the baggage of a context. */
export const BAGGAGE_KEY = Symbol.for('OpenTelemetry Baggage Key')

/** The name of the header. */
export const BAGGAGE_HEADER = 'baggage'

/** "max number of list-members: 180"; "max size of baggage-string: 8192 bytes" (w3.org/TR/baggage/#limits) */
const MEMBERS_MAX = 180
const BYTES_MAX = 8192

/**
 * Reads a `baggage` header; undefined when nothing of it can be used. A member that breaks the rules is left out.
 *
 * "baggage-string = list-member 0*179( OWS "," OWS list-member )"; "list-member = key OWS "=" OWS value *( OWS ";"
 * OWS property )"; values are percent-encoded. (w3.org/TR/baggage/#definition)
 */
export function parseBaggage(header: string | undefined): Baggage | undefined {
  if (header === undefined || header.length > BYTES_MAX) return undefined
  const entries: Record<string, BaggageEntry> = Object.create(null)
  let members = 0
  for (const member of header.split(',')) {
    const [pair = '', ...properties] = member.split(';')
    const equals = pair.indexOf('=')
    const key = pair.slice(0, equals).trim()
    const value = decoded(pair.slice(equals + 1).trim())
    if (equals < 1 || !/^[\w!#$%&'*+.^`|~-]+$/.test(key) || value === undefined) continue
    if (members++ >= MEMBERS_MAX) break
    const metadata = properties.join(';').trim()
    entries[key] =
      metadata === '' ? { value } : { value, metadata: baggageEntryMetadataFromString(metadata) }
  }
  return members === 0 ? undefined : propagation.createBaggage(entries)
}

/** The `baggage` header for a call; undefined when there is nothing to say. What is beyond the limits is left out. */
export function formatBaggage(baggage: Baggage | undefined): string | undefined {
  if (baggage === undefined) return undefined
  let header = ''
  for (const [key, { value, metadata }] of baggage.getAllEntries().slice(0, MEMBERS_MAX)) {
    const properties = metadata === undefined ? '' : `;${metadata.toString()}`
    const member = `${encodeURIComponent(key)}=${encodeURIComponent(value)}${properties}`
    if (header.length + 1 + member.length > BYTES_MAX || /[^\x20-\x7e]/.test(member)) continue
    header += header === '' ? member : `,${member}`
  }
  return header === '' ? undefined : header
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
