import { expect } from 'chai'
import { refuseLoop } from '../../src/forward/refuse-loop.ts'
import { ChokepointError } from '../../src/model/errors.ts'

const listen = (host: string) => ({ host, otlpHttp: 4318, api: 9490 })

describe('refuseLoop', () => {
  const loops = [
    ['http://127.0.0.1:4318', '127.0.0.1'],
    ['http://localhost:4318/', '127.0.0.1'],
    ['http://localhost:9490/api/v1/otlp', '0.0.0.0'],
    ['http://[::1]:4318', '::'],
    ['http://10.1.2.3:4318', '10.1.2.3'],
  ] as const
  for (const [url, host] of loops) {
    it(`refuses ${url} of an analyzer that listens on ${host}`, () => {
      expect(() => refuseLoop(url, listen(host)))
        .to.throw(ChokepointError, /^forward: .* is this analyzer itself/)
        .with.property('code', 'CONFIG_INVALID')
    })
  }

  const others = [
    ['http://127.0.0.1:4328', '127.0.0.1'],
    ['http://otel-collector:4318', '0.0.0.0'],
    ['http://127.0.0.1:4318', '10.1.2.3'],
    ['https://localhost', '127.0.0.1'],
  ] as const
  for (const [url, host] of others) {
    it(`takes ${url} of an analyzer that listens on ${host}`, () => {
      expect(() => refuseLoop(url, listen(host))).not.to.throw()
    })
  }
})
