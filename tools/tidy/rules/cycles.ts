import type { Problem } from '../problem.ts'
import type { SourceTree } from '../source-tree.ts'

/** No file may reach itself through imports; type imports count. */
export function checkCycles(tree: SourceTree): Problem[] {
  const problems: Problem[] = []
  const state = new Map<string, 'open' | 'done'>()
  const path: string[] = []

  function visit(file: string): void {
    state.set(file, 'open')
    path.push(file)
    for (const next of tree.get(file)?.files ?? []) {
      if (!tree.has(next)) continue
      if (state.get(next) === 'open') {
        const circle = [...path.slice(path.indexOf(next)), next].join(' -> ')
        problems.push({ rule: 'cycles', path: next, message: `imports itself: ${circle}` })
      } else if (!state.has(next)) visit(next)
    }
    path.pop()
    state.set(file, 'done')
  }

  for (const file of tree.keys()) if (!state.has(file)) visit(file)
  return problems
}
