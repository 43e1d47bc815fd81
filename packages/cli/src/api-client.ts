import { CommandFailure } from './failure.ts'

/** Where a running analyzer is looked for when no address is given. */
export const API_URL_DEFAULT = 'http://127.0.0.1:9490'

const TIMEOUT_MS = 30_000

/** How a request differs from a plain one. */
interface RequestChanges {
  readonly method?: 'POST'
  /** The time that its work takes. */
  readonly extraMs?: number
}

/** Asks a running analyzer; throws `CommandFailure` with its answer when it refuses. */
export async function askAnalyzer(url: string, path: string): Promise<string> {
  return (await fetchAnalyzer(url, path)).text()
}

/** The same, for an answer that is no text. */
export async function fetchAnalyzer(
  url: string,
  path: string,
  { method, extraMs = 0 }: RequestChanges = {},
): Promise<Response> {
  const signal = AbortSignal.timeout(TIMEOUT_MS + extraMs)
  const response = await fetch(`${url}${path}`, { signal, ...(method && { method }) }).catch(
    (error: unknown) => {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new CommandFailure(
        `cannot reach the analyzer at ${url}: ${why}; chokepoint serve starts one, --url names another`,
        undefined,
        { cause: error },
      )
    },
  )
  if (response.ok) return response
  const text = await response.text()
  throw new CommandFailure(`the analyzer refused ${path}: ${response.status} ${errorOf(text)}`)
}

/** The sentence of an error envelope as Prometheus writes it, or the text itself. */
function errorOf(text: string): string {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown }
    return typeof error === 'string' ? error : text
  } catch {
    return text
  }
}
