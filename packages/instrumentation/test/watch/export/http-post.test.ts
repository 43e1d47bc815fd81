import { expect } from 'chai'
import type { OtlpSettings } from '../../../src/settings/otlp-settings.ts'
import { createHttpPoster } from '../../../src/watch/export/http-post.ts'

describe('a POST', () => {
  it('that cannot be made is an error of its own, not of the thread', async () => {
    const settings: OtlpSettings = {
      url: 'http://127.0.0.1:1/v1/traces',
      encoding: 'protobuf',
      gzip: false,
      // The settings let none of these through.
      headers: { authorization: 'line\nbreak' },
      timeoutMs: 1000,
    }
    const { post, close } = createHttpPoster(settings)
    const error = await post(new Uint8Array(1), 1000).catch((error: Error) => error)
    expect(error).to.be.an('error').with.property('code', 'ERR_INVALID_CHAR')
    close()
  })
})
