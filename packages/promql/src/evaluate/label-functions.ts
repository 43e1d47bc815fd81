import type { Call } from '../ast.ts'
import { executionError } from '../errors.ts'
import { isLabelName, type LabelSet, METRIC_NAME } from '../label-set.ts'
import { compileRegex, type Regex, type RegexMatch } from '../regex.ts'
import { stringArgument } from './arguments.ts'
import { type Block, dropsName } from './block.ts'
import { mergeDuplicates } from './duplicates.ts'
import type { Query } from './query.ts'
import type { Steps } from './steps.ts'

/** `label_replace(vector, destination, replacement, source, regex)`. */
export function labelReplace(query: Query, call: Call, block: Block): Steps<Block> {
  const [destination, replacement, source, pattern] = [1, 2, 3, 4].map((i) =>
    stringArgument(call, i),
  )
  let regex: Regex
  try {
    regex = compileRegex(pattern!)
  } catch {
    throw executionError(`invalid regular expression in label_replace(): ${pattern}`)
  }
  if (!isLabelName(destination!)) {
    throw executionError(`invalid destination label name in label_replace(): ${destination}`)
  }
  return relabel(query, block, destination!, (labels) => {
    const match = regex.exec(labels.get(source!))
    return match === null ? undefined : expand(replacement!, match)
  })
}

/** `label_join(vector, destination, separator, source…)`. */
export function labelJoin(query: Query, call: Call, block: Block): Steps<Block> {
  const destination = stringArgument(call, 1)
  const separator = stringArgument(call, 2)
  const sources = call.args.slice(3).map((_, i) => stringArgument(call, i + 3))
  const bad = sources.find((source) => !isLabelName(source))
  if (bad !== undefined) {
    throw executionError(`invalid source label name in label_join(): ${bad}`)
  }
  if (!isLabelName(destination)) {
    throw executionError(`invalid destination label name in label_join(): ${destination}`)
  }
  return relabel(query, block, destination, (labels) =>
    sources.map((source) => labels.get(source)).join(separator),
  )
}

/** Sets a label of every row to a value made of its labels; undefined leaves the row as it is. */
function* relabel(
  query: Query,
  block: Block,
  destination: string,
  valueFor: (labels: LabelSet) => string | undefined,
): Steps<Block> {
  const dropName = block.dropName?.slice()
  const labels: LabelSet[] = []
  for (const [row, set] of block.labels.entries()) {
    if (query.mayRest(0)) yield
    const value = valueFor(set)
    // A name that was set on purpose stays.
    if (value !== undefined && destination === METRIC_NAME && dropName) dropName[row] = 0
    labels.push(value === undefined ? set : set.with(destination, value))
  }
  const keeps = labels.some((_, row) => dropsName(block, row))
  return yield* mergeDuplicates(query, {
    ...block,
    labels,
    dropName: keeps ? dropName : undefined,
    distinct: false,
  })
}

/** Go's templates: `$1`, `$name`, `${name}`, and `$$` for a dollar; unknown names are empty. */
function expand(template: string, match: RegexMatch): string {
  return template.replace(
    /\$(?:\$|(\w+)|\{(\w+)\})/g,
    (whole, plain: string | undefined, braced: string | undefined) => {
      if (whole === '$$') return '$'
      const name = (plain ?? braced)!
      if (/^\d+$/.test(name)) return match[Number(name)] ?? ''
      return match.groups?.[name] ?? ''
    },
  )
}
