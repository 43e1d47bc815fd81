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

/** "[A] string value [that exceeds the limit MUST be truncated]; [an array is limited element by element]." */
export function limitValue(value: SpanAttributeValue, lengthMax: number): SpanAttributeValue {
  if (typeof value === 'string') return value.length > lengthMax ? value.slice(0, lengthMax) : value
  if (!Array.isArray(value)) return value
  return value.map((item) => (typeof item === 'string' ? item.slice(0, lengthMax) : item))
}

/** The attributes of an event or a link within the limits. */
export function limitAttributes(
  attributes: object,
  countMax: number,
  lengthMax: number,
): SpanRecordAttributes {
  const kept = Object.entries(attributes)
    .filter(([key, value]) => key !== '' && value !== undefined && value !== null)
    .slice(0, countMax)
    .map(([key, value]) => [key, limitValue(value as SpanAttributeValue, lengthMax)])
  return Object.fromEntries(kept)
}
