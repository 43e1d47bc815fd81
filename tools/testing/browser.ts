import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

// Where Debian and its kin put the browser; elsewhere the one of an npm package is used.
const SYSTEM_BROWSER = '/usr/bin/chromium'

/** A page, and what went wrong in it: its console, its exceptions, what it could not load. */
export interface OpenedPage {
  readonly page: Page
  readonly complaints: readonly string[]
}

export interface PageOptions {
  readonly dark?: boolean
  /** Pixels. */
  readonly width?: number
  readonly height?: number
}

/** A real headless browser with a profile of its own, which opens nothing that the page does not ask for. */
export class Browser {
  readonly #context: BrowserContext
  readonly #profile: string

  private constructor(context: BrowserContext, profile: string) {
    this.#context = context
    this.#profile = profile
  }

  static async start(): Promise<Browser> {
    const profile = mkdtempSync(join(tmpdir(), 'chokepoint-browser-'))
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: await executable(),
      headless: true,
      timezoneId: 'UTC',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    })
    return new Browser(context, profile)
  }

  async open(
    url: string,
    { dark = false, width = 1280, height = 900 }: PageOptions = {},
  ): Promise<OpenedPage> {
    const page = await this.#context.newPage()
    await page.setViewportSize({ width, height })
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' })
    const complaints: string[] = []
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('requestfailed', (request) => {
      // A live page that is left while it asks for news is no problem of the page.
      const reason = request.failure()?.errorText
      if (reason !== 'net::ERR_ABORTED') complaints.push(`${request.url()}: ${reason}`)
    })
    await page.goto(url)
    return { page, complaints }
  }

  /** Cuts the network off: what is opened after that must have everything in it. */
  async goOffline(): Promise<void> {
    await this.#context.setOffline(true)
  }

  async close(): Promise<void> {
    await this.#context.close()
    rmSync(this.#profile, { recursive: true, force: true })
  }
}

async function executable(): Promise<string> {
  if (existsSync(SYSTEM_BROWSER)) return SYSTEM_BROWSER
  const { default: packaged } = await import('@sparticuz/chromium')
  return packaged.executablePath()
}

/** The text of the element with this `data-testid`, without the spaces around it. */
export async function textOf(page: Page, testId: string): Promise<string> {
  return ((await page.getByTestId(testId).first().textContent()) ?? '').trim()
}
