// Takes all telemetry and keeps none of it, in a process of its own, until its parent is gone.
import { createServer } from 'node:http'

const sink = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    // As a Collector answers: in the encoding of the request, in which nothing is no byte of protobuf.
    const type = request.headers['content-type'] ?? 'application/json'
    response.setHeader('content-type', type)
    response.end(type === 'application/json' ? '{}' : undefined)
  })
})
// Kept connections are not closed while a crowded machine makes everybody late.
sink.keepAliveTimeout = 60_000
process.on('disconnect', () => process.exit())
sink.listen(0, '127.0.0.1', () => {
  if (process.connected) process.send({ sinkPort: sink.address().port })
})
