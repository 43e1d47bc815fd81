import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import { jsonRequestToProtobuf } from '../../src/decode/json-request.ts'
import { RequestScanner } from '../../src/decode/scan-request.ts'
import { dump, openStores } from '../store/open-stores.ts'
import { officialPoints, scannedPoints } from './comparable-points.ts'
import { decodeOfficially, REQUEST } from './official-otlp.ts'

const DIRECTORY = new URL('./fixtures/requests/', import.meta.url)
const LIMITS = { pointsMax: 1000, bucketsMax: 512 }

describe('requests that others made', () => {
  for (const file of readdirSync(DIRECTORY)) {
    const sent = readFileSync(new URL(file, DIRECTORY))
    const bytes = file.endsWith('.json') ? jsonRequestToProtobuf(sent) : sent

    it(`give the points of the official decoder: ${file}`, () => {
      const points = scannedPoints(new RequestScanner(LIMITS, [1, 2]).scan(bytes))
      expect(points.length).to.be.greaterThan(4)
      expect(points).to.deep.equal(officialPoints(decodeOfficially(REQUEST, bytes)))
    })

    it(`are stored whole: ${file}`, async () => {
      const stores = await openStores()
      const result = await stores.ingest('a', bytes, 'protobuf')
      expect(result).to.include({ rejected: 0, message: '' })
      const names = stores.tenant('a').labelValues('__name__')
      expect(names).to.include.members([
        'http_server_request_duration_seconds_bucket',
        'http_server_request_duration_seconds_count',
        'requests_total',
        'size_bytes',
        'temperature_celsius',
      ])
      const samples = Object.values(dump(stores.tenant('a')))
      expect(samples.every(({ length }) => length === 1)).to.equal(true)
    })
  }
})
