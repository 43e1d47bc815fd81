/** Every failure that a user can cause or meet, with its stable code and HTTP status. */
export const ERROR_CODES = {
  CONFIG_INVALID: { status: 400, meaning: 'the configuration does not fit its schema' },
  RULES_INVALID: { status: 400, meaning: 'a rule file cannot be used' },
  QUERY_INVALID: { status: 400, meaning: 'the PromQL text cannot be parsed' },
  QUERY_FAILED: { status: 422, meaning: 'the query cannot be evaluated' },
  QUERY_LIMIT: { status: 422, meaning: 'the query needs more than a limit allows' },
  QUERY_TIMEOUT: { status: 503, meaning: 'the query took longer than it was given' },
  BODY_INVALID: { status: 400, meaning: 'the request body is not what its content type says' },
  BODY_TOO_LARGE: { status: 413, meaning: 'the request body is over the limit' },
  MEDIA_TYPE: { status: 415, meaning: 'the content type or encoding is not supported' },
  NOT_FOUND: { status: 404, meaning: 'there is no such thing here' },
  PARAMETER_INVALID: { status: 400, meaning: 'a request parameter cannot be used' },
  UNAUTHORIZED: { status: 401, meaning: 'the request carries no valid token' },
  FORBIDDEN: { status: 403, meaning: 'the request may not do this' },
  OVERLOADED: { status: 429, meaning: 'there is no room for this now; try again later' },
  STORAGE_FAILED: { status: 503, meaning: 'the log on disk cannot be written' },
  PROFILE_FAILED: {
    status: 502,
    meaning: 'a service did not give the profile that it was asked for',
  },
  PORT_IN_USE: { status: 500, meaning: 'a port to listen on is taken' },
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** An expected failure: `message` says what failed, on what, why, and with which numbers. */
export class ChokepointError extends Error {
  readonly code: ErrorCode
  readonly status: number

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ChokepointError'
    this.code = code
    this.status = ERROR_CODES[code].status
  }
}
