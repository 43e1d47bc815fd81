import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

const DEBIAN_CHROMIUM = '/usr/bin/chromium'

/** What a page said on its console or threw; a page that is in order says nothing. */
export interface OpenedPage {
  readonly page: Page
  readonly complaints: readonly string[]
}

export interface Browser {
  readonly open: (
    url: string,
    options?: { readonly dark?: boolean; readonly width?: number },
  ) => Promise<OpenedPage>
  readonly close: () => Promise<void>
}

/** A headless Chromium with a profile of its own: Debian's when present, else the one from npm. */
export async function startBrowser(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'chokepoint-browser-'))
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: await executable(),
    headless: true,
    timezoneId: 'UTC',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  return {
    open: async (url, { dark = false, width = 1280 } = {}) => {
      const page = await context.newPage()
      await page.setViewportSize({ width, height: 900 })
      await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' })
      const complaints: string[] = []
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
      })
      page.on('pageerror', (error) => complaints.push(error.message))
      await page.goto(url)
      return { page, complaints }
    },
    close: async () => {
      await context.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

async function executable(): Promise<string> {
  if (existsSync(DEBIAN_CHROMIUM)) return DEBIAN_CHROMIUM
  const { default: packaged } = await import('@sparticuz/chromium')
  return packaged.executablePath()
}

/** The text of the element with this `data-testid`, without the spaces around it. */
export async function textOf(page: Page, testId: string): Promise<string> {
  return ((await page.getByTestId(testId).first().textContent()) ?? '').trim()
}
