import { expect, it } from 'vitest'
import { refusalPage, statusOf } from '../../../control-plane/http/sign-in-refusal.ts'
import { SignInRefused } from '../../../control-plane/sign-in/refused.ts'

it('the page of a refused sign-in shows no text as markup, wherever that came from', () => {
  const text = `"><script>alert('1')</script><img src=x onerror=alert(1)>&`
  const page = refusalPage(new SignInRefused('provider_error', text))
  expect(page).not.toMatch(/<script|<img|alert\('/)
  expect(page).toContain(
    '&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&amp;.',
  )
})

it('the page of a refused sign-in repeats nothing that the provider said', () => {
  const refusal = new SignInRefused('provider_error', 'Refused', {
    ...{ providerError: 'their-word', cause: new Error('their reason') },
  })
  expect(refusalPage(refusal)).not.toMatch(/their/)
})

it.each([
  ['provider_unknown', 404],
  ['user_not_authorized', 403],
  ['email_taken', 409],
  ['provider_unavailable', 502],
  ['state_mismatch', 400],
] as const)('a sign-in that is refused as %s is answered with %i', (code, status) => {
  expect(statusOf(new SignInRefused(code, 'x'))).toBe(status)
})
