import Fastify from 'fastify'
import { expect, it } from 'vitest'
import { sendRefusal, sendRefusalPage } from '../../../control-plane/http/sign-in-refusal.ts'
import { type SignInRefusalCode, SignInRefused } from '../../../control-plane/sign-in/refused.ts'

function answerTo(refusal: SignInRefused, send = sendRefusalPage) {
  const fastify = Fastify()
  fastify.get('/', (_request, reply) => send(reply, refusal))
  return fastify.inject('/')
}

it('the page of a refused sign-in shows no text as markup, wherever that came from', async () => {
  const text = `"><script>alert('1')</script><img src=x onerror=alert(1)>&`
  const { body } = await answerTo(new SignInRefused('provider_error', text))
  expect(body).not.toMatch(/<script|<img|alert\('/)
  expect(body).toContain(
    '&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&amp;.',
  )
})

it('the page of a refused sign-in repeats nothing that the provider said', async () => {
  const refusal = new SignInRefused('provider_error', 'Refused', {
    ...{ providerError: 'their-word', cause: new Error('their reason') },
  })
  expect((await answerTo(refusal)).body).not.toMatch(/their-word|their reason/)
})

const answers: readonly [SignInRefusalCode, number][] = [
  ['provider_unknown', 404],
  ['user_not_authorized', 403],
  ['email_taken', 409],
  ['provider_unavailable', 502],
  ['state_mismatch', 400],
]

it.each(answers)('a sign-in that is refused as %s is answered with %i', async (code, status) => {
  const refusal = new SignInRefused(code, 'x')
  expect((await answerTo(refusal)).statusCode).toBe(status)
  const forPrograms = await answerTo(refusal, sendRefusal)
  expect(forPrograms.statusCode).toBe(status)
  expect(forPrograms.json()).toEqual({ error: { type: code, message: 'x' } })
})

it.each([
  ['break_glass_busy', '5'],
  ['break_glass_locked', '900'],
] as const)('whoever is refused as %s is told to wait for %s seconds', async (code, seconds) => {
  expect((await answerTo(new SignInRefused(code, 'x'))).headers['retry-after']).toBe(seconds)
})
