import { createHash } from 'node:crypto'
import type { Labels } from '../model/labels.ts'

// Label values are UTF-8, which has no byte 0xFF; these two can be in names and values only as text.
const NAME_END = '\u0000'
const VALUE_END = '\u0001'

/** A text that two label sets share only when they are equal, whatever their order. */
export function labelKey(labels: Labels): string {
  let key = ''
  for (const name of Object.keys(labels).sort()) {
    key += name + NAME_END + labels[name] + VALUE_END
  }
  return key
}

/** A short stable name for a key: the same labels give the same one after a restart. */
export function fingerprint(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 16)
}

/** `labels` without the metric's name. */
export function withoutName(labels: Labels): Record<string, string> {
  const { __name__: _, ...rest } = labels
  return rest
}
