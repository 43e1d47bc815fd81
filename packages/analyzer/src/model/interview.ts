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

/** Thrown through `compute` when a question takes longer than it may hold up others. */
class Unanswered extends Error {}

/** The question that `compute` was broken off at. */
interface OpenQuestion {
  readonly key: string
  readonly steps: Generator<void, Answer>
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
    let open: OpenQuestion | undefined
    const questions = questionsOf(respondent, book, stepsAtOnce, (question) => {
      open ??= question
    })
    try {
      const result = compute(questions)
      // One that catches what it does not know has computed with a question open.
      if (open === undefined) return result
    } catch (error) {
      if (open === undefined) throw error
    }
    const { key, steps }: OpenQuestion = open
    yield
    book.set(key, yield* outcomeOf(steps))
  }
}

function questionsOf(
  respondent: Respondent,
  book: AnswerBook,
  stepsAtOnce: number,
  onOpen: (question: OpenQuestion) => void,
): Questions {
  let left = stepsAtOnce
  function ask<Kind extends Answer>(key: string, begin: () => Generator<void, Kind>): Kind {
    const known = book.get(key)
    if (known !== undefined) return opened<Kind>(known)
    const steps = begin()
    while (left-- > 0) {
      const step = steps.next()
      if (step.done !== true) continue
      book.set(key, { answer: step.value })
      return step.value
    }
    onOpen({ key, steps })
    throw new Unanswered('a question is not answered yet')
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

function opened<Kind extends Answer>(outcome: Outcome): Kind {
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
