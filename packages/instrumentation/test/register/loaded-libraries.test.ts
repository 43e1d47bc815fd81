import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

describe('libraries that an app has loaded', () => {
  let folder: string
  let receiver: OtlpReceiver

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-libraries-'))
    const old = join(folder, 'node_modules', 'kafkajs')
    mkdirSync(old, { recursive: true })
    writeFileSync(join(old, 'package.json'), '{ "name": "kafkajs", "version": "0.1.0" }')
    writeFileSync(join(old, 'index.js'), 'module.exports = { Kafka: class {} }')
    receiver = await OtlpReceiver.start()
  })
  after(() => {
    receiver.stop()
    rmSync(folder, { recursive: true })
  })

  it('are told with version, observer, and why they are not observed', async () => {
    const app = new AppProcess('loads-app.cjs', {
      preload: '--import',
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'koa,pino',
        OLD_LIBRARIES: join(folder, 'app.js'),
      },
    })
    const told = (): string[] =>
      receiver.points('chokepoint.sdk.library').map(({ attributes }) => {
        const of = (name: string) => attributes[`chokepoint.library.${name}`]
        expect(of('version')).to.match(/^\d+\.\d+\.\d+/)
        return `${of('name')} ${of('observer')}: ${of('state')}`
      })
    try {
      await until('the libraries', () => told().length > 0)
      const official = '@opentelemetry/instrumentation-'
      expect(told()).to.have.members([
        `koa ${official}koa: disabled`,
        `mongodb ${official}mongodb: observed`,
        'mongodb chokepoint: observed',
        `@redis/client ${official}redis: observed`,
        '@redis/client chokepoint: observed',
        'pg chokepoint: observed',
        'pino chokepoint: disabled',
        `kafkajs ${official}kafkajs: version not supported`,
      ])
    } finally {
      await app.stop()
    }
  })
})
