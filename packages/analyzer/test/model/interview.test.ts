import { createEngine, MemorySource } from '@chokepoint/promql'
import { expect } from 'chai'
import { CATALOG } from '../../src/detect/catalog.ts'
import { detect, detectInSteps } from '../../src/detect/detect.ts'
import { interview } from '../../src/model/interview.ts'
import { createQueryFunctions } from '../../src/query-functions.ts'
import { shop, world } from '../detect/scenario/world.ts'

describe('an interview', () => {
  const source = new MemorySource()
  for (let i = 0; i < 50; i++) source.add({ __name__: 'm', i: String(i) }, 1000, i)
  const { inSteps } = createQueryFunctions(createEngine({ cellsPerStep: 1 }), source)

  it('rests during long questions and gives what asking at once would', () => {
    let begun = 0
    const steps = interview(inSteps, ({ query, queryRange }) => {
      begun++
      const sum = query('sum(m)', 1000)[0]?.value ?? 0
      return sum + queryRange('max(m)', 1000, 3000, 1000)[0]!.points.length
    })
    let rests = 0
    let step = steps.next()
    for (; step.done !== true; step = steps.next()) rests++
    expect(step.value).to.equal(1225 + 3)
    expect(rests).to.be.greaterThan(100)
    expect(begun).to.equal(3)
  })

  it('lets a question fail where it is asked', () => {
    const steps = interview(inSteps, ({ query }) => {
      try {
        return String(query('m / on() m', 1000).length)
      } catch (error) {
        return (error as Error).message
      }
    })
    let step = steps.next()
    while (step.done !== true) step = steps.next()
    expect(step.value).to.include('found duplicate series for the match group')
  })

  it('of all detectors finds in steps what they find at once', () => {
    const slow = shop({ payment: { routes: [{ route: '/charge', perSecond: 20, seconds: 0.9 }] } })
    const {
      inSteps: respondent,
      query,
      queryRange,
      nowMs,
      windowMs,
    } = world({
      services: slow,
      seconds: 60,
    })
    const atOnce = detect({ query, queryRange, nowMs, windowMs })
    const steps = detectInSteps(respondent, { nowMs, windowMs }, CATALOG, 1)
    let rests = 0
    let step = steps.next()
    for (; step.done !== true; step = steps.next()) rests++
    expect(step.value).to.deep.equal(atOnce)
    expect(rests).to.be.greaterThan(CATALOG.length)
  })
})
