import type { Problem } from '../problem.ts'
import type { SourceTree } from '../source-tree.ts'

const LINES_MAX = 300

/** Lists files that may have more than one job. This is asked, not forbidden. */
export function listLongFiles(tree: SourceTree): Problem[] {
  return [...tree.values()]
    .filter((module) => module.lines > LINES_MAX)
    .sort((a, b) => b.lines - a.lines)
    .map(({ path, lines }) => ({
      rule: 'long-files',
      path,
      message: `${lines} lines, over ${LINES_MAX}: does it have one job?`,
    }))
}
