import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { CATALOG } from '../../src/detect/catalog.ts'
import { loadDetectors } from '../../src/detect/custom.ts'
import { world } from './scenario/world.ts'

const CONDITION = `
detectors:
  - type: queue.too_long
    title: Long queue
    value: max by (job, queue) (queue_depth)
    threshold: 100
    unit: '{order}'
    component: queue {{queue}}
    summary: The queue {{queue}} of {{job}} holds {{value}} orders
    for: 30s
`

describe("a user's own detectors", () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'detectors-'))
  })
  after(() => rm(folder, { recursive: true }))

  const load = async (name: string, text: string) => {
    const path = join(folder, name)
    await writeFile(path, text)
    return loadDetectors([path])
  }

  it('are PromQL conditions in YAML; each element over the threshold is a finding', async () => {
    const [row, ...others] = await load('queue.yaml', CONDITION)
    expect(others).to.deep.equal([])
    expect(row).to.include({ type: 'queue.too_long', confirmMs: 30_000 })
    const api = {
      name: 'api',
      also: (instruments: {
        set: (name: string, labels: Record<string, string>, value: number) => void
      }) => {
        instruments.set('queue_depth', { queue: 'a"$1' }, 250)
        instruments.set('queue_depth', { queue: 'b' }, 99)
      },
    }
    const busy = world({ services: [api], seconds: 60 })
    const { candidates, failures } = busy.detect([...CATALOG, row!])
    expect(failures).to.deep.equal([])
    expect(candidates).to.have.length(1)
    const [found] = candidates
    expect(found).to.deep.include({
      component: 'queue a"$1',
      summary: 'The queue a"$1 of api holds 250 orders',
      resource: { 'service.name': 'api' },
    })
    const [evidence] = found!.evidence
    expect(evidence).to.include({ value: 250, threshold: 100, unit: '{order}' })
    expect(busy.query(evidence!.query, busy.nowMs)).to.have.length(1)
  })

  it('are modules that export rows of the catalogue', async () => {
    const rows = await load(
      'mine.mjs',
      `export const detectors = [{ type: 'mine.always', title: 'Always', thresholds: {}, confirmMs: 0, resolveMs: 0, detect: () => [] }]`,
    )
    expect(rows.map(({ type }) => type)).to.deep.equal(['mine.always'])
  })

  it('say what is wrong with a file, and where', async () => {
    const wrong = [
      [
        'a.yaml',
        'detectors: [{ type: queue }]',
        'detectors.0.type: a type is words joined by dots',
      ],
      ['b.yaml', CONDITION.replace('threshold: 100', 'treshold: 100'), 'detectors.0.threshold'],
      [
        'c.yaml',
        CONDITION.replace('30s', 'soon'),
        'detectors.0.for: a duration is written as 30s, 5m or 1h30m, not soon',
      ],
      [
        'd.yaml',
        CONDITION.replace('queue.too_long', 'memory.leak'),
        'the type memory.leak exists already',
      ],
      ['e.mjs', 'export const detectors = [{}]', 'detectors.0.type'],
      ['f.mjs', 'throw new Error("no luck")', 'no luck'],
      ['g.txt', '', 'it is neither YAML'],
    ] as const
    for (const [name, text, why] of wrong) {
      const error = await load(name, text).then(
        () => 'it was taken',
        (reason: unknown) => String(reason),
      )
      expect(error, name).to.contain(`cannot use the detectors of ${join(folder, name)}`)
      expect(error, name).to.contain(why)
    }
  })
})
