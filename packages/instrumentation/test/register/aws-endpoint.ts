import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RunningServer } from './server-process.ts'

/** What each action of the JSON protocols of SQS and DynamoDB answers. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  'AmazonSQS.SendMessage': { MessageId: '1', MD5OfMessageBody: '70a17ffa722a3985b86d30b034ad06d7' },
  'AmazonSQS.ReceiveMessage': { Messages: [] },
  'DynamoDB_20120810.GetItem': { Item: { id: { S: '1' }, name: { S: 'pen' } } },
}

/** An endpoint that the AWS SDK can call: it takes what SQS and DynamoDB take, and always answers the same. */
export async function startAwsEndpoint(): Promise<RunningServer> {
  const server = createServer((request, response) => answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const body = ANSWERS[String(request.headers['x-amz-target'])]
  request.resume()
  response.statusCode = body === undefined ? 400 : 200
  response.setHeader('content-type', 'application/x-amz-json-1.0')
  response.setHeader('x-amzn-requestid', 'request-1')
  response.end(JSON.stringify(body ?? { __type: 'UnknownOperationException' }))
}
