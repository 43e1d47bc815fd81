import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import chromiumPackage from '@sparticuz/chromium'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

// Where Debian and its kin put the browser; elsewhere the one of an npm package is used.
const SYSTEM_BROWSER = '/usr/bin/chromium'

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A real headless browser with a profile of its own, and what went wrong in its pages. */
export class Browser {
  readonly problems: string[] = []
  readonly #context: BrowserContext
  readonly #profile: string

  private constructor(context: BrowserContext, profile: string) {
    this.#context = context
    this.#profile = profile
  }

  static async open(): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), 'chokepoint-browser-'))
    const executablePath = existsSync(SYSTEM_BROWSER)
      ? SYSTEM_BROWSER
      : await chromiumPackage.executablePath()
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      headless: true,
      args: ARGUMENTS,
    })
    return new Browser(context, profile)
  }

  /** Opens an address and collects console errors, exceptions and failed requests of the page. */
  async visit(url: string): Promise<Page> {
    const page = await this.#context.newPage()
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(`console: ${message.text()}`)
    })
    page.on('pageerror', (error) => this.problems.push(`exception: ${error.message}`))
    page.on('requestfailed', (request) => {
      // A live page that is left while it asks for news is no problem of the page.
      if (request.failure()?.errorText !== 'net::ERR_ABORTED') {
        this.problems.push(`request: ${request.url()} ${request.failure()?.errorText}`)
      }
    })
    await page.goto(url)
    return page
  }

  /** Cuts the network off: what is opened after that must have everything in it. */
  async goOffline(): Promise<void> {
    await this.#context.setOffline(true)
  }

  async close(): Promise<void> {
    await this.#context.close()
    await rm(this.#profile, { recursive: true, force: true })
  }
}
