import type { ProfileSignal } from '../settings/profile-settings.ts'

/**
 * Asks for profiles at each such signal. It is the user who has set the signal, so a listener may show: without
 * one the signal would end the process. Listeners of the app get the signal, too.
 */
export function watchProfileSignal(signal: ProfileSignal, ask: () => void): void {
  process.on(signal, ask)
}
