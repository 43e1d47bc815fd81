import { type BinaryOp, COMPARISON_OPS } from '../ast.ts'
import { executionError, type Span } from '../errors.ts'
import { quote } from '../go-format.ts'
import {
  equalHistograms,
  FloatHistogram,
  IncompatibleBucketsError,
} from '../histogram/float-histogram.ts'
import type { NativeHistogram } from '../histogram/native-histogram.ts'
import { trimHistogram } from '../histogram/trim.ts'
import { type Annotations, noteCombination } from './annotations.ts'

type FloatOp = (left: number, right: number) => number

/** Operators that give a new number. */
const ARITHMETIC: Readonly<Record<string, FloatOp>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '^': power,
  atan2: Math.atan2,
}

/** Operators that say yes or no. */
const COMPARISONS: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>': (left, right) => left > right,
  '<': (left, right) => left < right,
  '>=': (left, right) => left >= right,
  '<=': (left, right) => left <= right,
}

// In JavaScript 1 ** NaN and (±1) ** ±Infinity are NaN; in Go, and so in Prometheus, they are 1.
function power(left: number, right: number): number {
  if (left === 1 || (left === -1 && !Number.isFinite(right) && !Number.isNaN(right))) return 1
  return left ** right
}

/** The operator over numbers, if it makes numbers of them. */
export function arithmeticOf(op: BinaryOp): FloatOp | undefined {
  return ARITHMETIC[op]
}

/** The operator over numbers, if it compares them. */
export function comparisonOf(op: BinaryOp): ((left: number, right: number) => boolean) | undefined {
  return COMPARISONS[op]
}

/** Two numbers: comparisons give 1 or 0. */
export function scalarOperation(op: BinaryOp): FloatOp {
  const arithmetic = ARITHMETIC[op]
  if (arithmetic !== undefined) return arithmetic
  const compare = COMPARISONS[op]
  if (compare === undefined) {
    throw executionError(`operator ${quote(op)} not allowed for Scalar operations`)
  }
  return (left, right) => (compare(left, right) ? 1 : 0)
}

/** A sample in the middle of an operation. */
export interface Operand {
  value: number
  histogram: NativeHistogram | undefined
}

/** What an operation made of two samples. */
export interface Outcome extends Operand {
  /** The comparison holds; arithmetic always does. */
  keep: boolean
  /** The types do not go together: there is no result, whatever `bool` says. */
  failed: boolean
}

/** One operator between single samples of any type; notes what does not go together. */
export class ElementOperation {
  readonly #op: BinaryOp
  readonly #annotations: Annotations
  readonly #span: Span
  readonly #arithmetic: FloatOp | undefined
  readonly #comparison: ((left: number, right: number) => boolean) | undefined
  readonly #outcome: Outcome = { value: 0, histogram: undefined, keep: false, failed: false }

  constructor(op: BinaryOp, annotations: Annotations, span: Span) {
    this.#op = op
    this.#annotations = annotations
    this.#span = span
    this.#arithmetic = ARITHMETIC[op]
    this.#comparison = COMPARISONS[op]
  }

  get isComparison(): boolean {
    return COMPARISON_OPS.has(this.#op)
  }

  /** The outcome is the same object each time. */
  apply(left: Operand, right: Operand): Outcome {
    const outcome = this.#outcome
    outcome.histogram = undefined
    outcome.keep = true
    outcome.failed = false
    outcome.value = 0
    if (left.histogram === undefined && right.histogram === undefined) {
      if (this.#arithmetic !== undefined) outcome.value = this.#arithmetic(left.value, right.value)
      else if (this.#comparison !== undefined) {
        outcome.value = left.value
        outcome.keep = this.#comparison(left.value, right.value)
      } else this.#mismatch('float', 'float')
    } else if (left.histogram === undefined) this.#floatWithHistogram(left.value, right.histogram!)
    else if (right.histogram === undefined) this.#histogramWithFloat(left.histogram, right.value)
    else this.#histograms(left.histogram, right.histogram)
    return outcome
  }

  #floatWithHistogram(left: number, right: NativeHistogram): void {
    if (this.#op === '*') this.#give(new FloatHistogram(right).multiply(left).compact())
    else this.#mismatch('float', 'histogram')
  }

  #histogramWithFloat(left: NativeHistogram, right: number): void {
    if (this.#op === '*') this.#give(new FloatHistogram(left).multiply(right).compact())
    else if (this.#op === '/') this.#give(new FloatHistogram(left).divide(right).compact())
    else if (this.#op === '</') this.#give(trimHistogram(left, right, true))
    else if (this.#op === '>/') this.#give(trimHistogram(left, right, false))
    else this.#mismatch('histogram', 'float')
  }

  #histograms(left: NativeHistogram, right: NativeHistogram): void {
    if (this.#op === '+' || this.#op === '-') this.#combine(left, right)
    else if (this.#op === '==' || this.#op === '!=') {
      this.#outcome.histogram = left
      this.#outcome.keep = equalHistograms(left, right) === (this.#op === '==')
    } else this.#mismatch('histogram', 'histogram')
  }

  #combine(left: NativeHistogram, right: NativeHistogram): void {
    const result = new FloatHistogram(left)
    try {
      const plus = this.#op === '+'
      const outcome = plus ? result.add(right) : result.subtract(right)
      if (!plus) result.counterResetHint = 'gauge'
      noteCombination(this.#annotations, outcome, plus ? 'addition' : 'subtraction', this.#span)
      this.#give(result.compact())
    } catch (error) {
      if (!(error instanceof IncompatibleBucketsError)) throw error
      this.#annotations.warn(
        `incompatible bucket layout encountered for binary operator ${this.#op}`,
        this.#span,
      )
      this.#fail()
    }
  }

  #give(histogram: NativeHistogram): void {
    this.#outcome.histogram = histogram
  }

  #fail(): void {
    this.#outcome.keep = false
    this.#outcome.failed = true
  }

  #mismatch(left: string, right: string): void {
    const op = this.#op
    this.#annotations.info(
      `incompatible sample types encountered for binary operator "${op}": ${left} ${op} ${right}`,
      this.#span,
    )
    this.#fail()
  }
}
