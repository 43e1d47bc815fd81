import type { FastifyRequest } from 'fastify'

/** The parameters of a request: those of the URL and, of a POSTed form, those of the body before them. */
export class Parameters {
  readonly #values: URLSearchParams

  constructor(values: URLSearchParams) {
    this.#values = values
  }

  static of(request: FastifyRequest): Parameters {
    const query = request.url.indexOf('?')
    const inUrl = query === -1 ? '' : request.url.slice(query + 1)
    const inBody = request.body instanceof URLSearchParams ? [...request.body] : []
    return new Parameters(new URLSearchParams([...inBody, ...new URLSearchParams(inUrl)]))
  }

  /** The first value; an empty string when it is absent, as Go's `FormValue`. */
  get(name: string): string {
    return this.#values.get(name) ?? ''
  }

  all(name: string): string[] {
    return this.#values.getAll(name)
  }
}
