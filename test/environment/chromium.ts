import axe from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { requireChromium } from './chromium-program.ts'

/** A real browser without a window. As root it has no sandbox; it visits nothing but loopback. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: requireChromium(),
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync', '--no-first-run'],
    ],
  })
}

/** What axe has against a page, one line each, by the rules of WCAG 2.2 A and AA and by its best practices. */
export async function accessibilityFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run()
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    )
  })
}

/** Whether something is wider than the window. */
export function scrollsSideways(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)
}

/**
 * Presses Tab until this has the focus, as somebody without a mouse does.
 *
 * @throws Error when it is not reached, or when nothing shows that it has the focus.
 */
export async function tabTo(page: Page, name: string, mostTabs = 30): Promise<void> {
  const seen: string[] = []
  for (let count = 0; count < mostTabs; count++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(() => {
      const element = document.activeElement
      if (!(element instanceof HTMLElement) || element === document.body) return { name: '', isSeen: false }
      const [label] = 'labels' in element ? ((element.labels ?? []) as HTMLLabelElement[]) : []
      const { outlineStyle, outlineWidth, borderColor } = getComputedStyle(element)
      const hasOutline = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0
      const isField = element.matches('input, select')
      return {
        name: element.getAttribute('aria-label') ?? label?.textContent ?? element.textContent ?? '',
        isSeen: hasOutline || (isField && borderColor !== ''),
      }
    })
    seen.push(focused.name.slice(0, 40))
    if (!focused.name.includes(name)) continue
    if (!focused.isSeen) throw new Error(`nothing shows that "${name}" has the focus`)
    return
  }
  throw new Error(`"${name}" is not reached by the keyboard, but ${seen.join(' | ')}`)
}

/** At a test's identity provider, which asks who they are and takes their word, maybe what they agree to, and brings them back. */
export async function sayWho(
  page: Page,
  { issuer, login }: { issuer: string; login: string },
): Promise<void> {
  await page.waitForURL(`${issuer}/**`)
  await page.getByPlaceholder('Enter any login').focus()
  await page.keyboard.type(login)
  await page.keyboard.press('Tab')
  await page.keyboard.type('any')
  await page.keyboard.press('Enter')
  const isBack = (url: URL | string) => !String(url).startsWith(issuer)
  const agree = page.getByRole('button', { name: 'Continue' })
  await Promise.race([page.waitForURL(isBack), agree.waitFor()])
  if (isBack(page.url())) return
  await agree.click()
  await page.waitForURL(isBack)
}
