import { expect } from 'chai'
import { Browser } from '../../../../tools/testing/browser.ts'
import type { StoredProfile } from '../../src/model/profile.ts'
import { sampleView } from '../report/sample-view.ts'
import { startWeb, stopWebs } from './web-fixture.ts'

const PROFILE: StoredProfile = {
  ...{ id: 'p1', service: 'catalog', kind: 'cpu', seconds: 10 },
  ...{ time: '2026-01-01T00:00:00.000Z', bytes: 1234 },
}

describe('profiles on the live page', () => {
  let browser: Browser

  before(async () => {
    browser = await Browser.start()
  })
  afterEach(stopWebs)
  after(() => browser.close())

  it('are taken by a button of a finding that they can tell more of, and can be fetched there', async () => {
    const stored: StoredProfile[] = []
    const { url } = await startWeb(
      {
        profiles: {
          state: () => ({ services: ['catalog'], taking: [], stored }),
          take: async (_tenant, service, kind, seconds) => {
            expect({ service, kind, seconds }).to.deep.equal({
              ...{ service: 'catalog', kind: 'cpu', seconds: 10 },
            })
            stored.push(PROFILE)
            return PROFILE
          },
          read: async () => Buffer.from('the file'),
        },
      },
      sampleView(),
    )
    const { page, complaints } = await browser.open(url)
    const block = page.getByTestId('profiles')
    await block.getByRole('button', { name: 'Take a cpu profile of 10 s' }).click()
    const link = block.getByRole('link', { name: 'cpu, 10 s' })
    await link.waitFor()
    expect(await block.count()).to.equal(1)
    const file = await fetch(url + (await link.getAttribute('href')))
    expect(file.headers.get('content-disposition')).to.contain('p1.pb.gz')
    expect(await file.text()).to.equal('the file')
    expect(complaints).to.deep.equal([])
    await page.close()
  })
})
