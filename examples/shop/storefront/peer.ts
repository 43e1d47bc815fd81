const TIMEOUT_MS = 10_000

/** Another part of the shop that did not do what it was asked. */
export class PartFailed extends Error {
  readonly status: number

  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options)
    this.name = 'PartFailed'
    this.status = status
  }
}

/** Another part of the shop, asked over HTTP. Every method throws `PartFailed`. */
export class Peer {
  readonly #name: string
  readonly #url: string

  constructor(name: string, url: string) {
    this.#name = name
    this.#url = url
  }

  get(path: string): Promise<unknown> {
    return this.send('GET', path)
  }

  post(path: string, body: unknown): Promise<unknown> {
    return this.send('POST', path, body)
  }

  async send(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    }).catch((cause: unknown) => {
      throw new PartFailed(`${this.#name} cannot be reached: ${String(cause)}`, 502, { cause })
    })
    const text = await response.text()
    if (!response.ok) {
      throw new PartFailed(
        `${this.#name}: ${method} ${path}: ${response.status} ${text}`,
        response.status,
      )
    }
    return JSON.parse(text)
  }
}
