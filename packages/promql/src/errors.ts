/** What went wrong, stable for programs to branch on. */
export type PromqlErrorCode =
  /** The text is no PromQL expression, or its types do not fit. */
  | 'parse_error'
  /** The expression cannot be evaluated over this data. */
  | 'execution_error'
  /** More samples than the limit would have to be held at once. */
  | 'too_many_samples'
  /** A selector matches more series than the limit. */
  | 'too_many_series'
  /** The evaluation took longer than allowed. */
  | 'timeout'
  /** The expression is nested deeper than the limit. */
  | 'too_deep'

/** A part of the query's text. */
export interface Span {
  /** Offset of the first character. */
  readonly start: number
  /** Offset after the last character. */
  readonly end: number
}

/** Where in the query's text an error is. */
export interface Position extends Span {
  /** Counted from 1. */
  readonly line: number
  /** Counted from 1. */
  readonly column: number
}

/** Every error that parsing or evaluating a query ends with. */
export class PromqlError extends Error {
  readonly code: PromqlErrorCode
  /** Only where the text itself is at fault. */
  readonly position: Position | undefined

  constructor(code: PromqlErrorCode, message: string, position?: Position) {
    super(message)
    this.name = 'PromqlError'
    this.code = code
    this.position = position
  }
}

/** An evaluation error in Prometheus' words. */
export function executionError(message: string): PromqlError {
  return new PromqlError('execution_error', message)
}

/** A parse error: `1:5: parse error: …`, as Prometheus writes it. */
export function parseError(text: string, span: Span, message: string): PromqlError {
  const { line, column } = locate(text, span.start)
  return new PromqlError('parse_error', `${line}:${column}: parse error: ${message}`, {
    ...span,
    line,
    column,
  })
}

/** Line and column, both from 1, of an offset. */
export function locate(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: offset - lineStart + 1 }
}
