import type {
  QueryFunc,
  QueryRangeFunc,
  QueryRangeStepsFunc,
  QuerySample,
  QuerySeries,
  QueryStepsFunc,
} from './query.ts'

/** Who answers an interview's questions, in steps. */
export interface Respondent {
  readonly query: QueryStepsFunc
  readonly queryRange: QueryRangeStepsFunc
}

/** The questions as whoever is interviewed sees them: asked and answered at once. */
export interface Questions {
  readonly query: QueryFunc
  readonly queryRange: QueryRangeFunc
}

type Answer = readonly QuerySample[] | readonly QuerySeries[]
type Outcome = { readonly answer: Answer } | { readonly error: unknown }

/** Steps of questions that are taken before an interview rests: about two milliseconds. */
export const STEPS_AT_ONCE = 4

/** Answers that are known; interviews at one instant may share them. */
export class AnswerBook {
  readonly #outcomes = new Map<string, Outcome>()

  get(key: string): Outcome | undefined {
    return this.#outcomes.get(key)
  }

  set(key: string, outcome: Outcome): void {
    this.#outcomes.set(key, outcome)
  }
}

/** How an interview is led. */
export interface InterviewOptions {
  readonly book?: AnswerBook
  /** Infinity for one that never rests. */
  readonly stepsAtOnce?: number
}

/** Thrown through `compute` when a question takes longer than one may hold up others. */
class Unanswered extends Error {
  readonly key: string
  readonly steps: Generator<void, Answer>

  constructor(key: string, steps: Generator<void, Answer>) {
    super('a question is not answered yet')
    this.key = key
    this.steps = steps
  }
}

/**
 * What `compute` gives, in steps, though `compute` itself is written as if each question were answered at once.
 * A long question breaks it off; once that is answered, `compute` begins anew and finds all answers so far in
 * the book. So it must be pure: the same answers must lead to the same questions, and nothing may be done.
 */
export function* interview<Result>(
  respondent: Respondent,
  compute: (questions: Questions) => Result,
  { book = new AnswerBook(), stepsAtOnce = STEPS_AT_ONCE }: InterviewOptions = {},
): Generator<void, Result> {
  for (;;) {
    try {
      return compute(questionsOf(respondent, book, stepsAtOnce))
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error
      yield
      book.set(error.key, yield* outcomeOf(error.steps))
    }
  }
}

function questionsOf(respondent: Respondent, book: AnswerBook, stepsAtOnce: number): Questions {
  let left = stepsAtOnce
  function ask<Kind extends Answer>(key: string, begin: () => Generator<void, Kind>): Kind {
    const known = book.get(key)
    if (known !== undefined) return open<Kind>(known)
    if (left <= 0) throw new Unanswered(key, begin())
    const steps = begin()
    for (;;) {
      if (left-- <= 0) throw new Unanswered(key, steps)
      const step = steps.next()
      if (step.done !== true) continue
      book.set(key, { answer: step.value })
      return step.value
    }
  }
  return {
    query: (expression, atMs) =>
      ask(`${atMs} ${expression}`, () => respondent.query(expression, atMs)),
    queryRange: (expression, startMs, endMs, stepMs) =>
      ask(`${startMs} ${endMs} ${stepMs} ${expression}`, () =>
        respondent.queryRange(expression, startMs, endMs, stepMs),
      ),
  }
}

function open<Kind extends Answer>(outcome: Outcome): Kind {
  if ('error' in outcome) throw outcome.error
  return outcome.answer as Kind
}

/** A question that fails does so where it is asked, not here. */
function* outcomeOf(steps: Generator<void, Answer>): Generator<void, Outcome> {
  try {
    return { answer: yield* steps }
  } catch (error) {
    return { error }
  }
}
