import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recordUsage } from '../../../control-plane/modules/usage/index.ts'
import { sayWho, tabTo } from '../../environment/chromium.ts'
import { read } from '../api.ts'
import type { SignInSetup } from '../http/signed-in.ts'
import { callFinished } from '../spending-data-plane.ts'
import { ConsoleInBrowsers, heading, look } from './in-browsers.ts'

let browsers: ConsoleInBrowsers
let setup: SignInSetup

beforeAll(async () => {
  browsers = await ConsoleInBrowsers.start()
  setup = browsers.setup
  setup.describePerson('ada', {
    ...{ name: 'Ada Lovelace', email: 'ada@example.com', email_verified: true },
    ...{ roles: ['engineer'], groups: ['platform', 'ml'] },
  })
}, 300_000)
afterAll(() => browsers?.close())

async function setMfaPolicy(rules: readonly object[]): Promise<void> {
  const document = `mutation ($rules: [MfaRuleInput!]!) {
    setMfaPolicy(input: { rules: $rules }) { ... on MfaPolicy { version } ... on Refusal { message } } }`
  const { data } = await setup.api.ask(setup.tenant.token, document, { rules })
  expect(read(data, 'setMfaPolicy')).toHaveProperty('version')
}

/** From whatever page asks for it, without a mouse. */
async function signInByHand(page: Page, login = 'ada'): Promise<void> {
  await heading(page, 'Sign in')
  await page.getByRole('link', { name: 'Sign in with Okta' }).waitFor()
  await tabTo(page, 'Sign in with Okta')
  await page.keyboard.press('Enter')
  await sayWho(page, { issuer: setup.identityProvider.issuer, login })
}

describe('somebody without a mouse', () => {
  it('signs in, comes back to the page that they wanted, and finds out why they may do something', async () => {
    const page = await browsers.openPage()
    await page.goto('/account?permission=virtual_keys%3Acreate')
    await heading(page, 'Sign in')
    await tabTo(page, 'Skip to content', 1)
    await signInByHand(page)
    await heading(page, 'Your account')
    expect(new URL(page.url()).searchParams.get('permission')).toBe('virtual_keys:create')
    const content = page.getByRole('main')
    await content.getByText('Allowed', { exact: true }).waitFor()
    for (const text of ['Ada Lovelace', 'ada@example.com', 'platform', 'ml', 'Role developer counts']) {
      expect(await content.textContent()).toContain(text)
    }
    await tabTo(page, 'Permission')
    await page.keyboard.type('roles:assign')
    await content.getByText('Not allowed', { exact: true }).waitFor()
    expect(new URL(page.url()).searchParams.get('permission')).toBe('roles:assign')
  })

  it('keeps the focus where it is when the first page has come', async () => {
    const page = await browsers.openSignedIn('/account')
    await heading(page, 'Your account')
    let answer = () => {}
    const answered = new Promise<void>((resolve) => {
      answer = resolve
    })
    await page.route('**/graphql', async (route) => {
      await answered
      await route.continue()
    })
    await page.reload()
    const link = page.getByRole('link', { name: 'Sessions' })
    await link.focus()
    answer()
    await heading(page, 'Your account')
    expect(await link.evaluate((element) => element === document.activeElement)).toBe(true)
  })

  it('goes from page to page, and the heading of each is told', async () => {
    const page = await browsers.openSignedIn('/account')
    await heading(page, 'Your account')
    for (const [link, title] of [
      ['Sessions', 'Your sessions'],
      ['Virtual keys', 'Your virtual keys'],
    ] as const) {
      await page.getByRole('navigation').waitFor()
      await page.getByRole('link', { name: link }).focus()
      await page.keyboard.press('Enter')
      await heading(page, title)
      expect(await page.title()).toBe(`${title} - Gatehouse`)
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(title)
    }
  })
})

describe('sessions', () => {
  it('are shown with the present one marked, and one that is ended is signed out at once', async () => {
    setup.describePerson('grace', { name: 'Grace', roles: ['reader'] })
    const here = await browsers.openPage()
    await here.goto('/sessions')
    await signInByHand(here, 'grace')
    const elsewhere = await browsers.openPage({ userAgent: 'Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1' })
    await elsewhere.goto('/account')
    await signInByHand(elsewhere, 'grace')
    await heading(elsewhere, 'Your account')
    await here.reload()
    const items = here.getByRole('list', { name: 'Sessions' }).getByRole('listitem')
    await items.filter({ hasText: 'Safari on iPhone' }).waitFor()
    expect(await items.count()).toBe(2)
    expect(await items.filter({ hasText: 'this one' }).textContent()).toContain('Chrome on Linux')
    await here.getByRole('button', { name: 'Sign out Safari on iPhone' }).click()
    await here.getByText('Safari on iPhone is signed out.').waitFor()
    await items.filter({ hasText: 'Safari on iPhone' }).waitFor({ state: 'detached' })
    await elsewhere.getByRole('link', { name: 'Sessions' }).click()
    await heading(elsewhere, 'Sign in')
    expect(new URL(elsewhere.url()).searchParams.get('returnTo')).toBe('/sessions')
  })

  it('are all ended but the present one', async () => {
    setup.describePerson('joan', { name: 'Joan', roles: ['reader'] })
    const here = await browsers.openSignedIn('/sessions', 'joan')
    await heading(here, 'Your sessions')
    const others = [(await setup.signIn('joan')).browser, (await setup.signIn('joan')).browser]
    await here.reload()
    await here.getByRole('button', { name: 'Sign out all others' }).click()
    await here.getByText('All other sessions are signed out.').waitFor()
    const statuses = others.map(async (browser) => (await setup.ask(browser, '{ viewer { id } }')).status)
    expect(await Promise.all(statuses)).toEqual([401, 401])
    await here.reload()
    await heading(here, 'Your sessions')
  })

  it('of this browser is ended by signing out, here and at the identity provider', async () => {
    const page = await browsers.openSignedIn('/account')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${setup.identityProvider.issuer}/session/end**`)
    await page.goto('/account')
    await heading(page, 'Sign in')
  })
})

describe('virtual keys', () => {
  it('that are one’s own are shown with what they cost this month, and what their budgets have left', async () => {
    setup.describePerson('edith', { name: 'Edith', roles: ['engineer'] })
    const { browser } = await setup.signIn('edith')
    const { user } = await setup.viewerOf(browser)
    const { organizationId, workspaceId, token } = setup.tenant
    const issued = await setup.api.ask(
      token,
      'mutation ($input: IssueVirtualKeyInput!) { issueVirtualKey(input: $input) { ... on IssuedVirtualKey { virtualKey { id } } } }',
      { input: { workspaceId, name: 'notebook', owner: { userId: user.id }, providerConfigs: [] } },
    )
    const { virtualKey } = read<{ virtualKey: { id: string } }>(issued.data, 'issueVirtualKey')
    expect(issued.errors).toEqual([])
    await setup.api.ask(
      token,
      'mutation ($input: SetBudgetInput!) { setBudget(input: $input) { __typename } }',
      { input: { owner: { virtualKeyId: virtualKey.id }, limit: '5000000000', period: 'MONTH' } },
    )
    const calls = [1_250_000_000, 250_000_000].map((costNanoUsd) => ({
      dataPlaneId: 'dp_1',
      call: callFinished({ workspaceId, userId: user.id, virtualKeyId: virtualKey.id, costNanoUsd }),
    }))
    await setup.api.controlPlane.database.transaction(organizationId, (em) =>
      recordUsage(em, organizationId, calls),
    )
    const page = await browsers.openSignedIn('/virtual-keys', 'edith')
    const item = page.getByRole('listitem').filter({ hasText: 'notebook' })
    await item.getByText('$1.50 this month, 2 calls').waitFor()
    const budget = item.getByRole('progressbar', { name: 'Budget of notebook: $0.00 of $5.00 a month' })
    await budget.waitFor({ state: 'attached' })
    await look(page, 'virtual-keys')
  })
})

describe('an API token', () => {
  it('signs in, is forgotten when the page is loaded again, and a wrong one says so', async () => {
    const page = await browsers.openPage()
    await page.goto('/sign-in')
    const field = page.getByPlaceholder('ghat.…')
    await field.fill('ghat.wrong')
    await field.press('Enter')
    await page.getByText('This token does not work').waitFor()
    await field.fill(setup.tenant.token)
    await field.press('Enter')
    await heading(page, 'Your account')
    expect(await page.getByRole('main').textContent()).toContain('admin')
    await page.getByRole('link', { name: 'Sessions' }).click()
    await page.getByText('You use an API token').waitFor()
    const stored = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]))
    expect(stored).not.toContain('ghat')
    await page.reload()
    await heading(page, 'Sign in')
  })
})

describe('an API token of somebody who is signed in too', () => {
  it('is the only credential that goes along', async () => {
    const page = await browsers.openSignedIn('/account')
    await page.goto(`/sign-in?organization=${setup.tenant.organizationId}`)
    const field = page.getByPlaceholder('ghat.…')
    await field.fill(setup.tenant.token)
    await field.press('Enter')
    await heading(page, 'Your account')
    await page.getByRole('main').getByText('admin', { exact: true }).waitFor()
  })
})

describe('when something is not as it should be', () => {
  it('a service that is not available is asked again until it is', async () => {
    const page = await browsers.openSignedIn('/account')
    await heading(page, 'Your account')
    await page.route('**/graphql', (route) =>
      route.fulfill({
        status: 503,
        headers: { 'retry-after': '60' },
        json: { errors: [{ message: 'The database does not answer: try again in a few seconds' }] },
      }),
    )
    await page.getByRole('link', { name: 'Sessions' }).click()
    await page.getByRole('alert').getByText('The database does not answer').waitFor()
    await look(page, 'unavailable')
    await page.unroute('**/graphql')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('this one').waitFor()
  })

  it('what needs a second factor leads to the identity provider, and back to the same page', async () => {
    await setMfaPolicy([{ permissions: ['virtual_keys:view'] }])
    setup.describePerson('kay', { roles: ['engineer'], amr: ['pwd'] })
    const page = await browsers.openSignedIn('/virtual-keys', 'kay')
    await page.getByRole('alert').getByText('This needs a second factor').waitFor()
    await look(page, 'second-factor')
    setup.describePerson('kay', { roles: ['engineer'], amr: ['pwd', 'mfa'] })
    await page.getByRole('link', { name: 'Confirm who you are' }).click()
    await sayWho(page, { issuer: setup.identityProvider.issuer, login: 'kay' })
    await heading(page, 'Your virtual keys')
    expect(new URL(page.url()).pathname).toBe('/virtual-keys')
    expect(await page.getByRole('alert').count()).toBe(0)
    await setMfaPolicy([])
  })

  it('a network that is away is told, and the page goes on when it is back', async () => {
    const page = await browsers.openSignedIn('/account')
    await heading(page, 'Your account')
    await page.context().setOffline(true)
    await page.getByRole('link', { name: 'Sessions' }).click()
    await page.getByRole('alert').getByText('No connection').waitFor()
    await page.context().setOffline(false)
    await page.getByText('this one').waitFor()
  })

  it('a page that does not exist says so', async () => {
    const page = await browsers.openPage()
    await page.goto('/nothing-here')
    await heading(page, 'There is no such page')
    await look(page, 'not-found')
  })

  it('somebody whom no rule lets in is told what to do', async () => {
    setup.describePerson('mallory', { name: 'Mallory', roles: [] })
    const page = await browsers.openPage()
    await page.goto('/account')
    await signInByHand(page, 'mallory')
    await heading(page, 'You are not signed in')
    await page.getByText('Ask an administrator of Gatehouse for a role').waitFor()
    await look(page, 'refused')
    await page.getByRole('link', { name: 'Back to signing in' }).click()
    await heading(page, 'Sign in')
  })

  it('an organization that is not named is asked for', async () => {
    const { organizationId } = await setup.api.createTenant('Another')
    const page = await browsers.openPage()
    await page.goto('/account')
    const field = page.getByLabel('Your organization')
    await field.fill('org_wrong')
    await field.press('Enter')
    await page.getByText('There is no organization org_wrong').waitFor()
    await look(page, 'organization')
    await field.fill(organizationId)
    await field.press('Enter')
    await page.getByRole('heading', { name: 'No identity provider is connected yet' }).waitFor()
    await look(page, 'no-provider')
    await page.goto(`/sign-in?organization=${setup.tenant.organizationId}`)
    await page.getByRole('link', { name: 'Sign in with Okta' }).waitFor()
  })
})

describe('every screen', () => {
  it.each([
    ['sign-in', '/sign-in', 'Sign in'],
    ['account', '/account?permission=virtual_keys%3Acreate', 'Your account'],
    ['sessions', '/sessions', 'Your sessions'],
  ])(
    '%s can be used by everybody, in light and dark, on a phone and on a desk',
    async (name, path, title) => {
      const page = await browsers.openSignedIn(path)
      await page.goto(name === 'sign-in' ? `${path}?organization=${setup.tenant.organizationId}` : path)
      await heading(page, title)
      await page.getByText('Loading…').first().waitFor({ state: 'detached' })
      await look(page, name)
    },
  )

  it('keeps the colours that are chosen', async () => {
    const page = await browsers.openPage({ colorScheme: 'light' })
    await page.goto('/sign-in')
    await page.getByLabel('Colours').selectOption('Dark')
    await page.reload()
    await heading(page, 'Sign in')
    expect(await page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark')
  })

  it('has broken no rule of its content security policy', () => {
    expect(browsers.complaints).toEqual([])
  })
})
