import { matchesGlob } from 'node:path'
import type { Problem } from '../problem.ts'
import type { SourceTree } from '../source-tree.ts'

/** Every file that defines tests must match a pattern of the test run, or nobody would notice it fail. */
export function checkTestPickup(tree: SourceTree, patterns: readonly string[]): Problem[] {
  return [...tree.keys()]
    .filter((path) => /\.test\.[a-z]+$/.test(path))
    .filter((path) => !patterns.some((pattern) => matchesGlob(path, pattern)))
    .map((path) => ({
      rule: 'test-pickup',
      path,
      message: `no pattern of the test run matches it: ${patterns.join(', ')}`,
    }))
}
