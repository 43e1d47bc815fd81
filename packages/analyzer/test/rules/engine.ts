import { createEngine, MemorySource } from '@chokepoint/promql'
import { createQueryFunctions } from '../../src/query-functions.ts'
import type { RecordFunc } from '../../src/rules/rule-context.ts'

/** The real engine over series in memory, as functions that rules see. */
export function memoryEngine() {
  const source = new MemorySource()
  const engine = createEngine()
  const record: RecordFunc = (name, labels, timeMs, value) =>
    source.add({ ...labels, __name__: name }, timeMs, value)
  return {
    add: record,
    record,
    parse: (expression: string) => void engine.parse(expression),
    query: createQueryFunctions(engine, source).query,
  }
}
