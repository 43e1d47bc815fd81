import type { SpanLimits } from '../settings/settings.ts'
import type { SpanAttributeValue, SpanRecordAttributes } from '../shared/messages.ts'

/** "attribute count limit [...] default value of 128" (opentelemetry.io/docs/specs/otel/common/#attribute-limits) */
export const SPAN_LIMITS_DEFAULT: SpanLimits = {
  attributeCountMax: 128,
  attributeValueLengthMax: 4096,
  eventCountMax: 128,
  linkCountMax: 128,
  eventAttributeCountMax: 128,
  linkAttributeCountMax: 128,
}

/**
 * "[A] string value [that exceeds the limit MUST be truncated]; [an array is limited element by element]." Undefined for
 * what is no value of an attribute: a function, an object or a symbol could not even be handed to another thread.
 */
export function limitValue(value: unknown, lengthMax: number): SpanAttributeValue | undefined {
  if (typeof value === 'string') return value.length > lengthMax ? value.slice(0, lengthMax) : value
  if (isScalar(value)) return value
  if (!Array.isArray(value) || !value.every((item) => item == null || isScalar(item)))
    return undefined
  return value.map((item) => (typeof item === 'string' ? item.slice(0, lengthMax) : item))
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/** The attributes of an event or a link within the limits. */
export function limitAttributes(
  attributes: object,
  countMax: number,
  lengthMax: number,
): SpanRecordAttributes {
  const kept = Object.entries(attributes)
    .map(([key, value]) => [key, limitValue(value, lengthMax)] as const)
    .filter(([key, value]) => key !== '' && value !== undefined)
    .slice(0, countMax)
  return Object.fromEntries(kept)
}
