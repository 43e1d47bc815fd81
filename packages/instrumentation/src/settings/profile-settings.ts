import type { EnvironmentReader } from './environment-reader.ts'

/** Signals that may ask for profiles; the others have a meaning for Node or for the app's end. */
const PROFILE_SIGNALS = ['SIGUSR2', 'SIGQUIT'] as const

export type ProfileSignal = (typeof PROFILE_SIGNALS)[number]

/** How profiles are asked for, and where they go. */
export interface ProfileSettings {
  /** Undefined: no signal is taken, and each does what it does without us. */
  readonly signal: ProfileSignal | undefined
  /** Where profiles that a signal asked for are written; the working directory by default, as `--cpu-prof` has it. */
  readonly directory: string
  readonly seconds: number
  /** Who sends it may fetch profiles from the port of `/metrics`; undefined: nobody may. */
  readonly token: string | undefined
}

/** A token that can be guessed would open the names of functions and files to whoever reaches the port. */
const TOKEN_LENGTH_MIN = 16

export function readProfileSettings(reader: EnvironmentReader): ProfileSettings {
  return {
    signal: readSignal(reader),
    directory: reader.text('CHOKEPOINT_PROFILE_DIR') ?? '.',
    seconds: reader.number('CHOKEPOINT_PROFILE_SECONDS', 10, { min: 1, max: 300, integer: false }),
    token: readToken(reader),
  }
}

function readSignal(reader: EnvironmentReader): ProfileSignal | undefined {
  const name = 'CHOKEPOINT_PROFILE_SIGNAL'
  const text = reader.text(name)?.toUpperCase()
  const signal = PROFILE_SIGNALS.find((known) => known === text)
  if (text !== undefined && signal === undefined) {
    reader.reject(name, PROFILE_SIGNALS.join(' or '), 'no signal')
  }
  return signal
}

function readToken(reader: EnvironmentReader): string | undefined {
  const name = 'CHOKEPOINT_PROFILE_TOKEN'
  const token = reader.text(name)
  if (token === undefined || token.length >= TOKEN_LENGTH_MIN) return token
  reader.reject(name, `at least ${TOKEN_LENGTH_MIN} letters`, 'no token')
  return undefined
}
