import { readdirSync, readFileSync } from 'node:fs'
import { createEngine } from '@chokepoint/promql'
import { expect } from 'chai'
import { runScript } from './promtest/run.ts'

const folders = ['testdata', 'cases'].map((name) => new URL(`${name}/`, import.meta.url))

describe('our own scripts', () => {
  it('pass with names dropped at once, as Prometheus does by default', () => {
    const [, cases] = folders
    for (const file of readdirSync(cases!)) {
      const outcomes = runScript(readFileSync(new URL(file, cases), 'utf8'), createEngine())
      expect(outcomes.filter((outcome) => outcome.failure !== undefined)).to.deep.equal([])
    }
  })
})

describe('the PromQL test scripts', () => {
  for (const folder of folders) {
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.test'))) {
      it(`pass in ${file}`, () => {
        const outcomes = runScript(readFileSync(new URL(file, folder), 'utf8'))
        const failed = outcomes.filter((outcome) => outcome.failure !== undefined)
        expect(outcomes.length).to.be.greaterThan(0)
        expect(failed.map((one) => `line ${one.line}: ${one.expr}: ${one.failure}`)).to.deep.equal(
          [],
        )
      })
    }
  }
})
