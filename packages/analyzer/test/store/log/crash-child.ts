import { openStores } from '../open-stores.ts'
import { gauge, request, sum } from '../otlp-bytes.ts'

// Ingests without end, several requests at a time, and says which are acknowledged: one number a line.
// Its parent kills it at any moment.
const [dataDir = '', first = '0'] = process.argv.slice(2)
const stores = await openStores({ dataDir, fsync: 'interval', retentionMs: 1e15 })

async function send(lane: number): Promise<void> {
  for (let i = Number(first) + lane; ; i += 4) {
    // Each lane has its own series, so that times of a series ascend.
    const metrics = [gauge(`g${lane}`, [i * 1000, i]), sum(`n${lane}`, 1, [i * 1000, 1])]
    await stores.ingest('a', request(metrics), 'protobuf')
    process.stdout.write(`${i}\n`)
  }
}

await Promise.all([0, 1, 2, 3].map(send))
