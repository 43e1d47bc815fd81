import { AssertionError } from 'chai'

/** Far longer than anything takes on an idle machine: tests share theirs with whatever else runs there. */
const WAIT_MS_MAX = 60_000

/**
 * Repeats a check until its assertions hold, for a minute at most, and fails as the last one did. For what settles after
 * a while, and for two readings of a machine that moves between them. Any other error ends it at once.
 */
export async function eventually(check: () => unknown, waitMsMax = WAIT_MS_MAX): Promise<void> {
  const endMs = performance.now() + waitMsMax
  for (;;) {
    try {
      await check()
      return
    } catch (error) {
      if (!(error instanceof AssertionError) || performance.now() > endMs) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
