import { globSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { createEngine, MemorySource, parse } from '@chokepoint/promql'
import { createQueryFunctions } from './query-functions.ts'
import {
  formatUnitTestResult,
  runUnitTests,
  type UnitTestResult,
  type UnitTestWorld,
} from './rules/unit-test.ts'

/** Runs a file of rule tests in promtool's format. Throws when the file itself cannot be read. */
export function testRules(file: string): UnitTestResult & { readonly text: string } {
  const folder = dirname(resolve(file))
  const result = runUnitTests(readFileSync(file, 'utf8'), file, {
    parse,
    createWorld,
    findFiles: (pattern) =>
      globSync(pattern, { cwd: folder })
        .map((name) => resolve(folder, name))
        .sort(),
    readFile: (name) => readFileSync(name, 'utf8'),
  })
  return { ...result, text: formatUnitTestResult(file, result) }
}

function createWorld(): UnitTestWorld {
  const source = new MemorySource()
  const { query } = createQueryFunctions(createEngine(), source)
  return {
    query,
    record: (name, labels, timeMs, value) =>
      source.add({ ...labels, __name__: name }, timeMs, value),
  }
}
