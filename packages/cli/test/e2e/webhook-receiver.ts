import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'

/** A webhook's body as Standard Webhooks has it. */
export interface ReceivedEvent {
  readonly type: string
  readonly timestamp: string
  readonly data: Readonly<Record<string, unknown>>
}

/** A receiver that takes only what the published library says is signed with its secret. */
export class WebhookReceiver {
  static readonly secret =
    `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`

  readonly events: ReceivedEvent[] = []
  readonly refused: string[] = []
  readonly #server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    try {
      const headers = request.headers as Record<string, string>
      this.events.push(new Webhook(WebhookReceiver.secret).verify(body, headers) as ReceivedEvent)
      response.writeHead(204).end()
    } catch (error) {
      this.refused.push(String(error))
      response.writeHead(401).end()
    }
  })

  /** Opens it and gives its address. */
  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}
