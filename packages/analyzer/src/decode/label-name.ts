const names = new Map<string, string>()

// Attribute keys are few; a sender that makes them up must not fill the memory.
const NAMES_MAX = 10_000

/**
 * The Prometheus label of an OTLP attribute key: what is not a letter, digit or `_` becomes `_`, and a
 * name cannot start with a digit or a single `_`. Empty when nothing of the key can stay.
 */
export function toLabelName(key: string): string {
  const known = names.get(key)
  if (known !== undefined) return known
  const name = buildLabelName(key)
  if (names.size >= NAMES_MAX) names.clear()
  names.set(key, name)
  return name
}

function buildLabelName(key: string): string {
  const name = key.replace(/[^a-zA-Z0-9_]/gu, '_')
  if (name !== key && /^_*$/.test(name)) return ''
  if (/^[0-9]/.test(name)) return `key_${name}`
  return /^_(?!_)/.test(name) ? `key${name}` : name
}
