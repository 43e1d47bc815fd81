import { expect } from 'chai'
import { renderText } from '../../../src/advise/text-template.ts'
import { readTexts } from '../../../src/advise/texts.ts'
import type { BottleneckCandidate } from '../../../src/model/bottleneck.ts'
import type { World } from './world.ts'

const texts = readTexts()

/** The candidates of one type, each checked for what every finding must have. */
export function findingsOf(world: World, type: string): BottleneckCandidate[] {
  const { candidates, failures } = world.detect()
  expect(failures).to.deep.equal([])
  const found = candidates.filter((candidate) => candidate.type === type)
  for (const candidate of found) expectCheckable(world, candidate)
  return found
}

/** The one candidate of a type. */
export function findingOf(world: World, type: string): BottleneckCandidate {
  const found = findingsOf(world, type)
  expect(found.map(({ component }) => component)).to.have.length(1)
  return found[0]!
}

/** Every claim can be computed again by its query, the leading one is over its bound, the words fit. */
function expectCheckable({ query, nowMs }: World, candidate: BottleneckCandidate): void {
  const { type, evidence, impact, confidence, severity } = candidate
  expect(evidence, type).not.to.have.length(0)
  for (const { query: expression, value } of evidence) {
    expect(query(expression, nowMs)[0]?.value, expression).to.equal(value)
  }
  const [lead] = evidence
  expect(lead?.threshold, `${type}: the leading claim has a threshold`).to.be.a('number')
  expect(lead?.value, `${type}: ${lead?.query}`).to.be.at.least(lead!.threshold!)
  expect(impact.score).to.be.within(0, 100)
  expect(confidence).to.be.within(0.5, 1)
  const times = { since: '', lastSeen: '' }
  const links = { id: 'b', cause: true, causes: [], symptoms: [], recommendations: [] }
  const bottleneck = { ...candidate, ...times, ...links, severity, status: 'active' as const }
  const { title, text } = renderText(texts.get(type)!, bottleneck)
  expect(`${title}\n${text}`).not.to.match(/\{\{|NaN|Infinity/)
}
