import { describe, expect, it } from 'vitest'
import { checkCallback } from '../../../control-plane/sign-in/callback.ts'

const issuer = 'https://id.example.com'
const names = { issuer, authorization_response_iss_parameter_supported: true }
const check = (query: string, metadata: Parameters<typeof checkCallback>[1] = names) =>
  checkCallback(new URLSearchParams(query), metadata, 'state-1')

it.each([
  ['a code', `code=c&state=state-1&iss=${issuer}`],
  ['an error, which is the provider’s to say', `error=access_denied&state=state-1&iss=${issuer}`],
  ['what providers add', `code=c&state=state-1&iss=${issuer}&session_state=x&scope=a&scope=b`],
])('an answer with %s is one to the challenge', (_, query) => {
  expect(() => check(query)).not.toThrow()
})

it('an answer need not name its issuer when the provider never does', () => {
  expect(() => check('code=c&state=state-1', { issuer })).not.toThrow()
})

describe('an answer is refused', () => {
  it.each([
    ['without state', `code=c&iss=${issuer}`, 'state_mismatch'],
    ['with an empty state', `code=c&state=&iss=${issuer}`, 'state_mismatch'],
    ['with another state', `code=c&state=state-2&iss=${issuer}`, 'state_mismatch'],
    ['with a state twice', `code=c&state=state-1&state=state-1&iss=${issuer}`, 'callback_invalid'],
    ['with a code twice', `code=c&code=d&state=state-1&iss=${issuer}`, 'callback_invalid'],
    ['with an issuer twice', `code=c&state=state-1&iss=${issuer}&iss=x`, 'callback_invalid'],
    ['without the issuer that the provider always names', 'code=c&state=state-1', 'callback_invalid'],
    ['by another issuer: mix-up', 'code=c&state=state-1&iss=https://evil.example', 'callback_invalid'],
    ['by an issuer with a slash more', `code=c&state=state-1&iss=${issuer}/`, 'callback_invalid'],
    ['with neither code nor error', `state=state-1&iss=${issuer}`, 'callback_invalid'],
    ['with another state and an error', `error=x&state=state-2&iss=${issuer}`, 'state_mismatch'],
  ])('%s', (_, query, code) => {
    expect(() => check(query)).toThrow(expect.objectContaining({ code }))
  })

  it('by another issuer although the provider need not name itself', () => {
    expect(() => check('code=c&state=state-1&iss=https://evil.example', { issuer })).toThrow(/not by/)
  })

  it('when no state is expected', () => {
    expect(() => checkCallback(new URLSearchParams('code=c&state='), { issuer }, '')).toThrow(/another/)
  })
})
