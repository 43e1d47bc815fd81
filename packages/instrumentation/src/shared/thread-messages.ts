import type { AppMessage } from './messages.ts'

/** The channel by which the app's worker threads reach the watch thread of their process, past the main thread. */
export const THREADS_CHANNEL = 'chokepoint.threads'

/** What an app's worker thread is, told until the watch thread has set READY in its memory. */
export interface ThreadHello {
  readonly type: 'hello'
  readonly buffer: SharedArrayBuffer
  /** The name that the app gave it, or the name of its file. */
  readonly name: string
}

/** From a worker thread of the app to the watch thread. */
export interface ThreadMessage {
  readonly threadId: number
  readonly message: ThreadHello | AppMessage | { readonly type: 'bye' }
}
