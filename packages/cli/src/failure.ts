import { EXIT_CODES } from './exit-codes.ts'

/** An expected failure of a command: what is told to the user, and the exit code. */
export class CommandFailure extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number = EXIT_CODES.failed.code, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CommandFailure'
    this.exitCode = exitCode
  }
}

/** Codes of the analyzer's errors that mean that the user's input is wrong, not that something broke. */
const INPUT_CODES: ReadonlySet<unknown> = new Set([
  'CONFIG_INVALID',
  'RULES_INVALID',
  'PARAMETER_INVALID',
  'QUERY_INVALID',
])

/** The exit code for a thrown value, and the text for people: a stack only for what nobody expected. */
export function explainFailure(error: unknown): { message: string; exitCode: number } {
  if (error instanceof CommandFailure) return { message: error.message, exitCode: error.exitCode }
  if (error instanceof Error && 'code' in error && error.name === 'ChokepointError') {
    const { usage, failed } = EXIT_CODES
    return {
      message: error.message,
      exitCode: INPUT_CODES.has(error.code) ? usage.code : failed.code,
    }
  }
  const unexpected = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { message: unexpected, exitCode: EXIT_CODES.failed.code }
}
