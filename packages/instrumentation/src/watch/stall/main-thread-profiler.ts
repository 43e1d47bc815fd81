import type { Profiler } from 'node:inspector'
import { Session } from 'node:inspector/promises'
import { type Stack, toStack } from './paused-stack.ts'
import { startCpuProfile } from './start-cpu-profile.ts'

/** Samples the main thread, blocked or not, until it is told to stop. */
export interface MainThreadProfile {
  /** Resolves when the sampling has begun. While native code runs that is when it returns. */
  readonly started: Promise<void>
  /** Ends the sampling and resolves with what was sampled. */
  stop(): Promise<Profiler.Profile>
  /**
   * Pauses the main thread for a millisecond and resolves with what it was running; undefined when
   * `isStillWanted` turns false before it could be paused, or when it does so while it is paused.
   */
  readStack(isStillWanted: () => boolean): Promise<Stack | undefined>
  /** Lets go of the main thread, whatever is under way. */
  close(): void
}

/** Begins to sample the main thread. Throws when the inspector is not to be had. */
export type ProfileMainThread = () => MainThreadProfile

const SAMPLE_EVERY_MICROSECONDS = 1_000
/** A thread that runs JavaScript is paused within milliseconds on a quiet machine; one in native code may never be. */
const PAUSE_WAIT_MS = 5_000
const LOOK_EVERY_MS = 5

/**
 * Profiles the main thread from this worker through the inspector, which interrupts JavaScript that
 * runs. No port is opened, and the session ends with the profile.
 */
export const profileMainThread: ProfileMainThread = () => {
  const session = new Session()
  session.connectToMainThread()
  return {
    started: startCpuProfile(session, SAMPLE_EVERY_MICROSECONDS),
    stop: async () => (await session.post('Profiler.stop')).profile,
    readStack: (isStillWanted) => readStack(session, isStillWanted),
    close: () => session.disconnect(),
  }
}

async function readStack(
  session: Session,
  isStillWanted: () => boolean,
): Promise<Stack | undefined> {
  let stack: Stack | undefined
  let answered = false
  const urls = new Map<string, string>()
  session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => urls.set(scriptId, url))
  session.on('Debugger.paused', ({ params }) => {
    // The thread stands still now: what is wanted of it cannot have changed since it was paused.
    if (!answered && isStillWanted()) stack = toStack(params.callFrames, urls)
    answered = true
    resume(session)
  })
  const asked = [session.post('Debugger.enable'), session.post('Debugger.pause')]
  for (const request of asked) request.catch(() => undefined)
  const endMs = performance.now() + PAUSE_WAIT_MS
  while (!answered && isStillWanted() && performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
  // Lets go of a pause that has not come yet, too.
  await session.post('Debugger.disable')
  return stack
}

/** A thread that goes on already has no need to be told; the inspector calls that an error. */
function resume(session: Session): void {
  session.post('Debugger.resume').catch(() => undefined)
}
