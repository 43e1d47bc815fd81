import { parser } from '@prometheus-io/lezer-promql'

/** The grammar's names of the operators that let an element through or not. */
const COMPARISONS: ReadonlySet<string> = new Set(['Gtr', 'Gte', 'Lss', 'Lte', 'EqlC', 'Neq'])

/**
 * What an alert's expression compares with its bounds: the figures that must be there for the alert ever to
 * fire. `a / b > 0.1 and c > 5` gives `a / b` and `c`.
 */
export function comparedFigures(expression: string): readonly string[] {
  const figures: { readonly from: number; readonly to: number }[] = []
  parser.parse(expression).iterate({
    enter: ({ name, node }) => {
      if (name !== 'BinaryExpr') return
      const left = node.firstChild
      if (left === null || !COMPARISONS.has(left.nextSibling?.name ?? '')) return
      figures.push({ from: left.from, to: left.to })
    },
  })
  // Of `a > 1 < 5` the inner figure is the one: the outer one is empty as long as all is well.
  return figures
    .filter(({ from, to }) => !figures.some((one) => one.from >= from && one.to < to))
    .map(({ from, to }) => expression.slice(from, to))
}
