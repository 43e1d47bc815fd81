import type { ScopeSpans, SpanBatch, SpanRecord } from '../shared/messages.ts'
import { writeSpan } from '../shared/otlp-span.ts'
import { OtlpWriter } from '../shared/otlp-writer.ts'

/** Gathers spans in the form in which they cross to the watch thread. */
export interface SpanForm {
  readonly count: number
  /** About how much memory they take. */
  readonly bytes: number
  add(span: SpanRecord): void
  /** What has been gathered. */
  batch(): SpanBatch
  clear(): void
}

interface ScopeWriter {
  readonly scope: string
  readonly scopeVersion: string | undefined
  readonly writer: OtlpWriter
}

/**
 * Spans as OTLP's protobuf, written once and here: that costs less than any other form in which they could cross,
 * and the watch thread only has to put them together.
 */
export class ProtobufSpans implements SpanForm {
  #scopes: ScopeWriter[] = []
  #last: ScopeWriter | undefined
  count = 0
  bytes = 0

  add(span: SpanRecord): void {
    const { scope, scopeVersion } = span
    let last = this.#last
    if (last === undefined || last.scope !== scope || last.scopeVersion !== scopeVersion) {
      last = this.#writerOf(scope, scopeVersion)
      this.#last = last
    }
    const { writer } = last
    const before = writer.length
    writeSpan(writer, span)
    this.bytes += writer.length - before
    this.count++
  }

  batch(): SpanBatch {
    const scopes = this.#scopes.map(({ scope, scopeVersion, writer }): ScopeSpans => {
      return { scope, scopeVersion, bytes: writer.copy() }
    })
    return { count: this.count, scopes }
  }

  clear(): void {
    // The bytes of the first scope, which is nearly always ours, are used again.
    this.#scopes.length = Math.min(this.#scopes.length, 1)
    this.#last = this.#scopes[0]
    this.#last?.writer.clear()
    this.count = 0
    this.bytes = 0
  }

  #writerOf(scope: string, scopeVersion: string | undefined): ScopeWriter {
    for (const known of this.#scopes) {
      if (known.scope === scope && known.scopeVersion === scopeVersion) return known
    }
    const added = { scope, scopeVersion, writer: new OtlpWriter() }
    this.#scopes.push(added)
    return added
  }
}

/** Spans as JSON, for a receiver that is sent JSON: one string crosses cheaper than a clone of many objects. */
export class JsonSpans implements SpanForm {
  #parts: string[] = []
  bytes = 0

  get count(): number {
    return this.#parts.length
  }

  add(span: SpanRecord): void {
    const { common, attributes } = span
    const json = JSON.stringify({
      ...span,
      common: undefined,
      attributes: { ...common, ...attributes },
    })
    this.#parts.push(json)
    this.bytes += json.length
  }

  batch(): SpanBatch {
    return { count: this.#parts.length, json: `[${this.#parts.join(',')}]` }
  }

  clear(): void {
    this.#parts = []
    this.bytes = 0
  }
}
