import { CommandFailure } from './failure.ts'

/** Where a running analyzer is looked for when no address is given. */
export const API_URL_DEFAULT = 'http://127.0.0.1:9490'

const TIMEOUT_MS = 30_000

/** Asks a running analyzer; throws `CommandFailure` with its answer when it refuses. */
export async function askAnalyzer(url: string, path: string): Promise<string> {
  const address = `${url}${path}`
  const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
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
  const text = await response.text()
  if (response.ok) return text
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
