const LAST_COMPARISON =
  /^([\s\S]*[^=!<>\s])(\s*(?:>=|<=|>|<)\s*)([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*$/i

/** An expression that ends in a comparison with a number, taken apart. */
export interface Comparison {
  readonly left: string
  readonly operator: '>' | '>=' | '<' | '<='
  readonly threshold: number
}

/** Takes `left > 0.9` apart. Throws a `RangeError` when the expression does not end so. */
export function takeComparison(expression: string): Comparison {
  const match = LAST_COMPARISON.exec(expression)
  if (match === null) {
    throw new RangeError(
      'the expression must end in a comparison with a number, such as … > 0.9, so that its level can be told',
    )
  }
  return {
    left: match[1] as string,
    operator: (match[2] as string).trim() as Comparison['operator'],
    threshold: Number(match[3]),
  }
}

/** The expression with its last number replaced: what must hold for an alert to go on. */
export function holdExpression(expression: string, resolveThreshold: number): string {
  const { left, operator } = takeComparison(expression)
  return `${left} ${operator} ${resolveThreshold}`
}
