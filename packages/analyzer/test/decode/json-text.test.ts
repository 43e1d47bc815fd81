import { expect } from 'chai'
import { parseJsonSteps } from '../../src/decode/json-text.ts'
import { Random } from './random.ts'

const DEPTH_MAX = 64
// No key with a backslash: behind an object with such a key, V8 13.6 compares it with the next key before its escapes are read.
const KEYS = ['a', 'b', '__proto__', '7', '"', 'ключ', ''] as const
const SCALARS = [
  null,
  true,
  false,
  0,
  -1.5e-7,
  1e21,
  '',
  'x',
  '",]}',
  '\\',
  '\u0000\n',
  '𝄞',
] as const

function randomValue(random: Random, depth: number): unknown {
  if (depth === 0 || random.chance(0.3)) return random.pick(SCALARS)
  const count = random.below(6)
  if (random.chance(0.5)) return random.many(count, () => randomValue(random, depth - 1))
  const entries = random.many(count, () => [random.pick(KEYS), randomValue(random, depth - 1)])
  return Object.fromEntries(entries)
}

/** The value, or `undefined` for a text that is refused, and the number of steps. */
function read(text: string, pieceLength?: number): { value: unknown; steps: number } {
  const reading = parseJsonSteps(text, DEPTH_MAX, pieceLength)
  let steps = 0
  try {
    for (;;) {
      const step = reading.next()
      if (step.done === true) return { value: step.value, steps }
      steps++
    }
  } catch (error) {
    expect(error).to.be.instanceOf(SyntaxError)
    return { value: undefined, steps }
  }
}

function parseWhole(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

describe('a JSON text, read in steps', () => {
  it('is what JSON.parse makes of it, for 3,000 texts in pieces of any length', () => {
    const random = new Random(5)
    for (let i = 0; i < 3000; i++) {
      const indent = random.pick([0, 1, '\t\r\n'])
      const text = JSON.stringify(randomValue(random, 5), undefined, indent)
      const { value } = read(text, 1 + random.below(60))
      expect(JSON.stringify(value), text).to.equal(JSON.stringify(JSON.parse(text)))
    }
  })

  it('is refused where JSON.parse refuses it, for 20,000 damaged texts', () => {
    const random = new Random(6)
    let refused = 0
    for (let i = 0; i < 20_000; i++) {
      const text = JSON.stringify(randomValue(random, 4), undefined, random.pick([0, 1]))
      const at = random.below(text.length)
      const put = random.pick(['', ',', ']', '[', '{', '}', '"', ':', ' ', '1', '\\'])
      const damaged = text.slice(0, at) + put + text.slice(at + random.below(3))
      const expected = parseWhole(damaged)
      if (expected === undefined) refused++
      const { value } = read(damaged, 1 + random.below(20))
      expect(JSON.stringify(value), damaged).to.equal(JSON.stringify(expected))
    }
    expect(refused).to.be.within(5_000, 19_000)
  })

  it('takes many steps for a long text, wherever its length is', () => {
    const point = { attributes: [{ key: 'route', value: { stringValue: '/x' } }], asDouble: 1.5 }
    const points = Array.from({ length: 10_000 }, () => point)
    const long = [
      { one: { metric: { dataPoints: points } } },
      points.map((dataPoint) => ({ metrics: [dataPoint] })),
      Object.fromEntries(points.map((dataPoint, index) => [`key ${index}`, dataPoint])),
    ]
    for (const value of long) {
      const text = JSON.stringify(value)
      const { value: got, steps } = read(text)
      expect(steps).to.be.at.least(text.length / 65_536)
      expect(got).to.deep.equal(value)
    }
  })

  it('says where it is broken', () => {
    const message = (text: string) => {
      try {
        for (const _step of parseJsonSteps(text, 3, 4));
      } catch (error) {
        return (error as Error).message
      }
      return 'no error'
    }
    expect(message('[1, 12345, ]')).to.equal('expected a value at character 11, got "]"')
    expect(message('[1, 12345, nul]')).to.match(/^Unexpected token .* \(from character 11 on\)$/)
    expect(message('{"key": 12345 6}')).to.equal(
      'expected a comma or the end of the object at character 14, got "6"',
    )
    expect(message('{"key": 12345')).to.contain('at character 13, got the end')
    expect(message('[12345] 6')).to.equal('expected the end at character 8, got "6"')
    expect(message('[[[[[12345]]]]]')).to.equal('nests too deep at character 3')
  })
})
