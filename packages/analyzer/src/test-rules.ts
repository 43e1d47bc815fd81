import { globSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import {
  asStored,
  createEngine,
  LabelSet,
  MemorySource,
  parse,
  type SampleValue,
} from '@chokepoint/promql'
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
    createWorld: createTestWorld,
    findFiles: (pattern) =>
      globSync(pattern, { cwd: folder })
        .map((name) => resolve(folder, name))
        .sort(),
    readFile: (name) => readFileSync(name, 'utf8'),
  })
  return { ...result, text: formatUnitTestResult(file, result) }
}

/** An empty world for one group of tests. */
export function createTestWorld(): UnitTestWorld {
  const source = new MemorySource()
  const engine = createEngine()
  const newest = new Map<string, SampleValue>()
  const add: UnitTestWorld['load'] = (name, labels, timeMs, value) => {
    const series = { ...labels, __name__: name }
    const { key } = LabelSet.of(series)
    const stored = asStored(value, newest.get(key))
    newest.set(key, stored)
    source.add(series, timeMs, stored)
  }
  return {
    query: createQueryFunctions(engine, source).whole,
    record: add,
    load: add,
    ask: (expression, atMs) => {
      const { value } = engine.instant(source, expression, atMs)
      if (value.type === 'scalar') return [{ labels: {}, value: value.value }]
      if (value.type !== 'vector') throw new TypeError(`the answer is a ${value.type}`)
      return value.samples.map(({ labels, value: number, histogram }) => ({
        labels: labels.toRecord(),
        value: histogram ?? number,
      }))
    },
  }
}
