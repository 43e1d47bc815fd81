import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { freePort } from '../../../../tools/testing/free-port.ts'
import { until } from '../../../../tools/testing/until.ts'
import { createOtlpGrpcServer } from '../../src/receive/otlp-grpc.ts'
import { decodeOfficially, REQUEST } from '../decode/official-otlp.ts'
import { gauge, request } from '../store/otlp-bytes.ts'
import { recordingOptions } from './limits.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..', '..')
const COLLECTOR = join(ROOT, '.cache', 'stack', 'bin', 'otelcol')
const COMPRESSIONS = ['none', 'gzip', 'zstd']

describe('the OTLP/gRPC receiver behind a real Collector', () => {
  before(function () {
    if (!existsSync(COLLECTOR)) this.skip()
  })

  it('takes what its exporter sends, in each compression', async function () {
    this.timeout(120_000)
    const bodies: Uint8Array[] = []
    const ingest = async (_: string, body: Uint8Array) => {
      bodies.push(Uint8Array.from(body))
      return { accepted: 1, rejected: 0, message: '' }
    }
    const server = createOtlpGrpcServer({ ...recordingOptions([]), ingest })
    const port = await server.listen('127.0.0.1', 0)
    const inPort = await freePort()
    const folder = mkdtempSync(join(tmpdir(), 'chokepoint-grpc-'))
    const config = join(folder, 'collector.yaml')
    writeFileSync(config, collectorConfig(inPort, port))
    const collector = spawn(COLLECTOR, [`--config=${config}`], { stdio: 'ignore' })
    try {
      await until('the Collector to take a request', async () => {
        const { ok } = await fetch(`http://127.0.0.1:${inPort}/v1/metrics`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-protobuf' },
          body: Buffer.from(request([gauge('through_grpc', [Date.now(), 1])])),
        })
        return ok
      })
      await until('all exporters to send', () => bodies.length >= COMPRESSIONS.length)
      for (const body of bodies) {
        expect(decodeOfficially(REQUEST, body)).to.have.nested.property(
          'resourceMetrics[0].scopeMetrics[0].metrics[0].name',
          'through_grpc',
        )
      }
      expect(server.stats.refused.size).to.equal(0)
    } finally {
      collector.kill('SIGKILL')
      if (collector.exitCode === null) await once(collector, 'exit')
      await server.close()
      rmSync(folder, { recursive: true })
    }
  })
})

function collectorConfig(inPort: number, outPort: number): string {
  const exporters = COMPRESSIONS.map(
    (compression) =>
      `  otlp_grpc/${compression}: { endpoint: '127.0.0.1:${outPort}', compression: ${compression}, tls: { insecure: true } }`,
  )
  return `
receivers: { otlp: { protocols: { http: { endpoint: 127.0.0.1:${inPort} } } } }
exporters:
${exporters.join('\n')}
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    metrics: { receivers: [otlp], exporters: [${COMPRESSIONS.map((name) => `otlp_grpc/${name}`).join(', ')}] }
`
}
