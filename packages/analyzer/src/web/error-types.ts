import { ChokepointError, type ErrorCode } from '../model/errors.ts'

/** Prometheus' error types and their HTTP codes (web/api/v1: `respondError`). */
export const ERROR_TYPES = {
  bad_data: 400,
  execution: 422,
  canceled: 499,
  timeout: 503,
  internal: 500,
  unavailable: 503,
  not_found: 404,
  not_acceptable: 406,
} as const

export type ErrorType = keyof typeof ERROR_TYPES

/** What an error response says. */
export interface ErrorAnswer {
  readonly status: number
  readonly errorType: ErrorType
  readonly error: string
}

const TYPE_OF_CODE: Readonly<Partial<Record<ErrorCode, ErrorType>>> = {
  QUERY_FAILED: 'execution',
  QUERY_LIMIT: 'execution',
  QUERY_TIMEOUT: 'timeout',
  NOT_FOUND: 'not_found',
  OVERLOADED: 'unavailable',
  STORAGE_FAILED: 'unavailable',
  PROFILE_FAILED: 'unavailable',
}

/** The answer for whatever was thrown; `undefined` for what nobody expected, which is a bug to log. */
export function errorAnswerOf(error: unknown): ErrorAnswer | undefined {
  if (!(error instanceof ChokepointError)) return undefined
  const { code, status, message } = error
  return { status, errorType: TYPE_OF_CODE[code] ?? 'bad_data', error: message }
}
