import { ChokepointError } from '../../model/errors.ts'
import type { ApiAnswer } from '../envelope.ts'
import { JsonText } from '../json-text.ts'
import type { Parameters } from '../parameters.ts'
import type { AnswerOptions, PrometheusPort, QueryAnswer } from '../ports.ts'
import { encodeStats, truncateAnswer, writeAnswer } from './encode-answer.ts'
import {
  durationParameter,
  invalidParameter,
  limitParameter,
  optionalTimeParameter,
  timeParameter,
} from './parse-parameters.ts'

/** As in Prometheus: enough for a week of minutes or a year of hours. */
const POINTS_MAX = 11_000

/** An answer that is made in steps. */
export type SteppedAnswer = Generator<void, ApiAnswer>

/** `/api/v1/query` */
export function* instantQuery(port: PrometheusPort, parameters: Parameters): SteppedAnswer {
  const limit = limitParameter(parameters)
  const atMs = optionalTimeParameter(parameters, 'time', port.now())
  const options = answerOptions(parameters)
  const answer = yield* aboutQuery(port.query(parameters.get('query'), atMs, options))
  return yield* toApiAnswer(answer, limit, parameters)
}

/** `/api/v1/query_range` */
export function* rangeQuery(port: PrometheusPort, parameters: Parameters): SteppedAnswer {
  const limit = limitParameter(parameters)
  const startMs = timeParameter(parameters, 'start')
  const endMs = timeParameter(parameters, 'end')
  if (endMs < startMs) {
    throw invalidParameter('end', 'end timestamp must not be before start time')
  }
  const stepMs = durationParameter(parameters, 'step')
  if (stepMs > 0 && Math.floor((endMs - startMs) / stepMs) > POINTS_MAX) {
    throw new ChokepointError(
      'PARAMETER_INVALID',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    )
  }
  // Times of samples are whole milliseconds, and so are steps; below one of them Prometheus divides by zero.
  const wholeStepMs = Math.trunc(stepMs)
  if (wholeStepMs <= 0) {
    throw invalidParameter(
      'step',
      'zero or negative query resolution step widths are not accepted. Try a positive integer',
    )
  }
  const options = answerOptions(parameters)
  const query = parameters.get('query')
  const answer = yield* aboutQuery(port.queryRange(query, startMs, endMs, wholeStepMs, options))
  return yield* toApiAnswer(answer, limit, parameters)
}

/** `/api/v1/format_query` */
export function formatQuery(port: PrometheusPort, parameters: Parameters): ApiAnswer {
  return { data: asQueryParameter(() => port.formatQuery(parameters.get('query'))) }
}

/** `/api/v1/parse_query` */
export function parseQuery(port: PrometheusPort, parameters: Parameters): ApiAnswer {
  return { data: asQueryParameter(() => port.parseQuery(parameters.get('query'))) }
}

function answerOptions(parameters: Parameters): AnswerOptions {
  return {
    ...(parameters.get('timeout') === '' ? {} : { timeoutMs: timeoutParameter(parameters) }),
    ...(parameters.get('lookback_delta') === ''
      ? {}
      : { lookbackMs: lookbackParameter(parameters) }),
  }
}

/** No time at all is over before the query begins. */
function timeoutParameter(parameters: Parameters): number {
  const timeoutMs = durationParameter(parameters, 'timeout')
  if (timeoutMs > 0) return timeoutMs
  throw new ChokepointError('QUERY_TIMEOUT', 'query timed out in query execution')
}

function lookbackParameter(parameters: Parameters): number {
  try {
    return durationParameter(parameters, 'lookback_delta')
  } catch (error) {
    if (!(error instanceof ChokepointError)) throw error
    const reason = error.message.replace(/^invalid parameter "lookback_delta": /, '')
    throw new ChokepointError(
      'PARAMETER_INVALID',
      `error parsing lookback delta duration: ${reason}`,
    )
  }
}

/** Says of a text that is no PromQL that it came in the parameter `query`. */
function asQueryParameter<Answer>(evaluate: () => Answer): Answer {
  try {
    return evaluate()
  } catch (error) {
    throw ofQueryParameter(error)
  }
}

/** The same for what is evaluated in steps. */
function* aboutQuery<Answer>(steps: Generator<void, Answer>): Generator<void, Answer> {
  try {
    return yield* steps
  } catch (error) {
    throw ofQueryParameter(error)
  }
}

function ofQueryParameter(error: unknown): unknown {
  return error instanceof ChokepointError && isAboutTheText(error)
    ? invalidParameter('query', error.message)
    : error
}

/** A type that has no range, a duration that comes to nothing: the engine finds it, and it is the text's fault. */
const OF_THE_TEXT =
  /^(invalid expression type|\d+:\d+: (duration must|division by zero|modulo by zero))/

function isAboutTheText({ code, message }: ChokepointError): boolean {
  return code === 'QUERY_INVALID' || OF_THE_TEXT.test(message)
}

function* toApiAnswer(answer: QueryAnswer, limit: number, parameters: Parameters): SteppedAnswer {
  const { answer: value, truncated } = truncateAnswer(answer.value, limit)
  const wantsStats = parameters.get('stats') !== '' && answer.stats !== undefined
  const stats = wantsStats ? `,"stats":${JSON.stringify(encodeStats(answer.stats))}` : ''
  return {
    data: new JsonText(['{', ...(yield* writeAnswer(value)), `${stats}}`]),
    warnings: truncated ? [...answer.warnings, TRUNCATED] : answer.warnings,
    infos: answer.infos,
  }
}

/** What Prometheus warns of when a limit cut an answer. */
export const TRUNCATED = 'results truncated due to limit'
