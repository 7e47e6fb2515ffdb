import type { Page } from 'playwright-core'
import { QRCodeSVG } from 'qrcode.react'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { authenticatorCode } from '../../environment/authenticator.ts'
import { tabTo } from '../../environment/chromium.ts'
import { read } from '../api.ts'
import { ConsoleInBrowsers, heading, look } from './in-browsers.ts'

const password = 'correct horse battery'
const stepMs = 30_000

let browsers: ConsoleInBrowsers

beforeAll(async () => {
  browsers = await ConsoleInBrowsers.start()
}, 300_000)
afterAll(() => browsers?.close())

/** Somebody to whom break-glass was granted after they had signed in at their identity provider. @returns their enrolment secret */
async function grantTo(name: string, email: string): Promise<string> {
  const { api, tenant, describePerson, signIn, viewerOf } = browsers.setup
  const { browser } = await signIn(
    describePerson(email, { name, email, email_verified: true, roles: ['gatehouse-admin'] }),
  )
  const { user } = await viewerOf(browser)
  const document = `mutation ($userId: ID!) {
    grantBreakGlass(input: { userId: $userId }) { ... on GrantedBreakGlass { enrolmentSecret } } }`
  const { data } = await api.ask(tenant.token, document, { userId: user.id })
  return read<{ enrolmentSecret: string }>(data, 'grantBreakGlass').enrolmentSecret
}

async function type(page: Page, label: string, text: string): Promise<void> {
  await tabTo(page, label)
  await page.keyboard.type(text)
}

const refusal = (page: Page, text: string) => page.getByRole('alert').getByText(text).waitFor()

/** From the enrolment's first page to its last. @returns what the authenticator reads */
async function enrol(page: Page, enrolmentSecret: string): Promise<string> {
  await page.goto('/break-glass/enrolment')
  await heading(page, 'Set up break-glass')
  await type(page, 'Enrolment secret', enrolmentSecret)
  await type(page, 'New password', password)
  await type(page, 'New password, again', password)
  const answered = page.waitForResponse('**/auth/break-glass/enrolment')
  await page.keyboard.press('Enter')
  const { totpUri } = (await (await answered).json()) as { totpUri: string }
  await heading(page, 'Set up your authenticator')
  await type(page, 'Code of the authenticator', authenticatorCode(totpUri, Date.now()))
  await page.keyboard.press('Enter')
  await heading(page, 'Break-glass is set up')
  return totpUri
}

/** A code works once: this is the one after the last that was used. */
const laterCode = (totpUri: string) => authenticatorCode(totpUri, Date.now() + stepMs)

describe('somebody to whom break-glass was granted', () => {
  it('sets it up and signs in with it, without a mouse and without an identity provider', async () => {
    const enrolmentSecret = await grantTo('Ada Lovelace', 'ada@example.com')
    const page = await browsers.openPage()
    const totpUri = await enrol(page, enrolmentSecret)
    await tabTo(page, 'Go to signing in')
    await page.keyboard.press('Enter')
    await heading(page, 'Sign in')
    await type(page, 'E-mail address or user id', 'ada@example.com')
    await type(page, 'Break-glass password', password)
    const code = laterCode(totpUri)
    await type(page, 'Code of the authenticator', `${code.slice(0, 3)} ${code.slice(3)}`)
    await page.keyboard.press('Enter')
    await heading(page, 'Your account')
    expect(await page.getByRole('main').textContent()).toContain('Ada Lovelace')
  })

  it('is told why a password is not taken, and what the authenticator reads', async () => {
    const enrolmentSecret = await grantTo('Grace Hopper', 'grace@example.com')
    const page = await browsers.openPage()
    await page.goto('/break-glass/enrolment')
    await heading(page, 'Set up break-glass')
    await look(page, 'break-glass-enrolment')
    await page.getByLabel('Enrolment secret').fill(enrolmentSecret)
    await page.getByLabel('New password', { exact: false }).first().fill('short')
    await page.getByLabel('New password, again').fill('different')
    await page.keyboard.press('Enter')
    await refusal(page, 'The two passwords differ')
    await page.getByLabel('New password', { exact: false }).first().fill('short')
    await page.getByLabel('New password, again').fill('short')
    await page.keyboard.press('Enter')
    await refusal(page, '12')
    await look(page, 'break-glass-password-refused')
    expect(await page.getByLabel('Enrolment secret').inputValue()).toBe(enrolmentSecret)
    await page.getByLabel('New password', { exact: false }).first().fill(password)
    await page.getByLabel('New password, again').fill(password)
    const answered = page.waitForResponse('**/auth/break-glass/enrolment')
    await page.keyboard.press('Enter')
    const { totpUri } = (await (await answered).json()) as { totpUri: string }
    await heading(page, 'Set up your authenticator')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Set up your authenticator')
    const secret = new URL(totpUri).searchParams.get('secret') ?? ''
    expect(await page.getByRole('main').textContent()).toContain(secret)
    const [drawn] =
      /<path fill="#000000"[^>]*>/.exec(renderToStaticMarkup(createElement(QRCodeSVG, { value: totpUri }))) ??
      []
    expect(drawn).toContain(await page.getByRole('img').locator('path').last().getAttribute('d'))
    await page.getByLabel('Code of the authenticator').fill('000000')
    await page.keyboard.press('Enter')
    await refusal(page, 'not the present code')
    await look(page, 'break-glass-authenticator')
  })

  it('is told when what they sign in with is not right, and types their name once', async () => {
    const enrolmentSecret = await grantTo('Joan Clarke', 'joan@example.com')
    const page = await browsers.openPage()
    const totpUri = await enrol(page, enrolmentSecret)
    await page.goto('/sign-in?with=break-glass&returnTo=%2Fsessions')
    const user = page.getByLabel('E-mail address or user id')
    await user.fill('joan@example.com')
    await page.getByLabel('Break-glass password').fill(`${password}, nearly`)
    await page.getByLabel('Code of the authenticator').fill(laterCode(totpUri))
    await page.keyboard.press('Enter')
    await refusal(page, 'the user, the password or the code is not right')
    await look(page, 'break-glass-refused')
    expect(await user.inputValue()).toBe('joan@example.com')
    expect(await page.getByLabel('Break-glass password').inputValue()).toBe('')
    await page.getByLabel('Break-glass password').fill(password)
    await page.getByLabel('Code of the authenticator').fill(laterCode(totpUri))
    await page.keyboard.press('Enter')
    await heading(page, 'Your sessions')
  })

  it('is told when Gatehouse is not available, whatever says so', async () => {
    const page = await browsers.openPage()
    await page.goto('/sign-in?with=break-glass')
    await page.route('**/auth/break-glass', (route) =>
      route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }),
    )
    await page.getByLabel('E-mail address or user id').fill('ada@example.com')
    await page.getByLabel('Break-glass password').fill(password)
    await page.getByLabel('Code of the authenticator').fill('000000')
    await page.keyboard.press('Enter')
    await refusal(page, 'The control plane answers 502.')
  })

  it('acts as themselves, though an API token was used in this page before', async () => {
    const enrolmentSecret = await grantTo('Edith Clarke', 'edith@example.com')
    const page = await browsers.openPage()
    const totpUri = await enrol(page, enrolmentSecret)
    await page.goto('/sign-in?with=break-glass')
    await page.getByPlaceholder('ghat.…').fill(browsers.setup.tenant.token)
    await page.keyboard.press('Enter')
    await heading(page, 'Your account')
    await page.goBack()
    await heading(page, 'Sign in')
    await page.getByLabel('E-mail address or user id').fill('edith@example.com')
    await page.getByLabel('Break-glass password').fill(password)
    await page.getByLabel('Code of the authenticator').fill(laterCode(totpUri))
    await page.keyboard.press('Enter')
    await heading(page, 'Your account')
    expect(await page.getByRole('main').textContent()).toContain('Edith Clarke')
  })
})

it('nothing breaks a rule of the content security policy', () => {
  expect(browsers.complaints).toEqual([])
})
