import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import { accessibilityFindings, launchChromium, sayWho, scrollsSideways } from '../../environment/chromium.ts'
import { type SignInSetup, startSignIn } from '../http/signed-in.ts'
import { buildConsole } from './built-console.ts'

/** A folder for pictures of each screen; none are taken without it. */
const pictures = process.env.CONSOLE_PICTURES

/** The console of a control plane with an identity provider, in real browsers. */
export class ConsoleInBrowsers {
  readonly setup: SignInSetup
  /** What browsers said was wrong, such as a style that the content security policy keeps out. */
  readonly complaints: string[] = []
  readonly #chromium: Browser
  readonly #contexts: BrowserContext[] = []

  private constructor(setup: SignInSetup, chromium: Browser) {
    this.setup = setup
    this.#chromium = chromium
  }

  static async start(): Promise<ConsoleInBrowsers> {
    const setup = await startSignIn({ consoleDirectory: buildConsole() })
    return new ConsoleInBrowsers(setup, await launchChromium())
  }

  async close(): Promise<void> {
    for (const context of this.#contexts) await context.close()
    await this.#chromium.close()
    await this.setup.close()
  }

  /** In a browser of its own. */
  async openPage(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#chromium.newContext({ baseURL: this.setup.url, ...options })
    this.#contexts.push(context)
    context.on('console', (message) => {
      if (/content security policy/i.test(message.text())) this.complaints.push(message.text())
    })
    context.on('weberror', (error) => this.complaints.push(String(error.error())))
    return context.newPage()
  }

  async openSignedIn(path: string, login = 'ada'): Promise<Page> {
    const page = await this.openPage()
    const query = new URLSearchParams({ organization: this.setup.tenant.organizationId, returnTo: path })
    await page.goto(`/auth/oidc/okta/login?${query}`)
    await sayWho(page, { issuer: this.setup.identityProvider.issuer, login })
    return page
  }
}

export const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor()

/** Judges a screen in both colour schemes and at both widths. */
export async function look(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 844 })
      const where = `${name}, ${colorScheme}, ${width} px`
      if (pictures !== undefined) {
        await page.screenshot({ path: `${pictures}/${name}-${colorScheme}-${width}.png`, fullPage: true })
      }
      expect(await accessibilityFindings(page), where).toEqual([])
      expect(await scrollsSideways(page), where).toBe(false)
    }
  }
}
