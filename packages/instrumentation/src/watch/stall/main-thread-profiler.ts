import { type Profiler, Session } from 'node:inspector'

/** Samples the main thread, blocked or not, until it is told to stop. */
export interface MainThreadProfile {
  /** Resolves when the sampling has begun. While native code runs that is when it returns. */
  readonly started: Promise<void>
  /** Ends the sampling and resolves with what was sampled. */
  stop(): Promise<Profiler.Profile>
  /** Lets go of the main thread, whatever is under way. */
  close(): void
}

/** Begins to sample the main thread. Throws when the inspector is not to be had. */
export type ProfileMainThread = () => MainThreadProfile

const SAMPLE_EVERY_MICROSECONDS = 1_000

/**
 * Profiles the main thread from this worker through the inspector, which interrupts JavaScript that
 * runs. No port is opened, and the session ends with the profile.
 */
export const profileMainThread: ProfileMainThread = () => {
  const session = new Session()
  session.connectToMainThread()
  const post = <Answer>(method: string, parameters: object = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      session.post(method, parameters, (error, answer) => {
        if (error === null) resolve(answer as Answer)
        else reject(error)
      })
    })
  // Sent at once, in order: each round trip could wait for native code to return.
  const started = Promise.all([
    post('Profiler.enable'),
    post('Profiler.setSamplingInterval', { interval: SAMPLE_EVERY_MICROSECONDS }),
    post('Profiler.start'),
  ]).then(() => undefined)
  return {
    started,
    stop: async () => (await post<{ profile: Profiler.Profile }>('Profiler.stop')).profile,
    close: () => session.disconnect(),
  }
}
