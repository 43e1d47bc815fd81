import type { Attributes } from '@opentelemetry/api'
import { AppSpan, type SpanOwner, type SpanStart } from './app-span.ts'
import type { Call } from './local-root.ts'
import type { RequestTracker } from './request-tracker.ts'
import type { SpanCalls } from './span-calls.ts'
import type { SpanCall, SpanView } from './span-view.ts'

/** What a call's span tells and is told. */
export interface CallWatch {
  readonly calls: SpanCalls
  readonly tracker: RequestTracker
}

/**
 * A span that an instrumentation makes around a call: the request waits while it runs, and it is counted. Which call
 * it is comes with the attributes, for some libraries only after the start.
 */
export class CallSpan extends AppSpan {
  readonly #watch: CallWatch
  #known: SpanCall | undefined
  #call: Call | undefined

  constructor(
    owner: SpanOwner,
    start: SpanStart,
    watch: CallWatch,
    onEnd: (span: AppSpan) => void,
  ) {
    super(owner, start, (ended) => {
      this.#record()
      onEnd(ended)
    })
    this.#watch = watch
  }

  override get isCall(): boolean {
    return this.#known !== undefined
  }

  override setAttributes(attributes: Attributes): this {
    super.setAttributes(attributes)
    if (this.#known === undefined && this.isRecording()) this.#look()
    return this
  }

  #look(): void {
    const { calls, tracker } = this.#watch
    this.#known = calls.callOf(viewOf(this))
    if (this.#known !== undefined) this.#call = tracker.startCall(this.#known.shape, false)
  }

  #record(): void {
    const { calls, tracker } = this.#watch
    const view = viewOf(this)
    const { errorType } = this
    if (this.#known === undefined || this.#call === undefined) {
      calls.recordServed(view, this.endMs! - this.start.startMs, errorType)
    } else {
      this.#known.record(view, tracker.endCall(this.#call, errorType), errorType)
    }
  }
}

/** What a span shows of itself. */
export function viewOf({ name, start, attributes }: AppSpan): SpanView {
  return { name, kind: start.kind, scope: start.scope, attributes }
}
