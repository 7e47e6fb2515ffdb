import { expect } from 'vitest'
import { type IdTokenExpectations, verifyIdToken } from '../../../control-plane/sign-in/id-token.ts'
import { SignInRefused } from '../../../control-plane/sign-in/refused.ts'
import {
  ecPair,
  edPair,
  forge,
  keysOf,
  now,
  rsaPair,
  usualClaims,
  usualExpectations,
} from './forged-tokens.ts'

export const rsa = rsaPair('rsa-1')
export const ec = ecPair('ec-1')
export const ed = edPair('ed-1')
export const stranger = rsaPair('stranger-1')
export const keys = keysOf(rsa.jwk, ec.jwk, ed.jwk)
export const header = { alg: 'RS256', kid: 'rsa-1', typ: 'JWT' }

export const verify = (token: string, expected: Partial<IdTokenExpectations> = {}) =>
  verifyIdToken(token, { ...usualExpectations, ...expected }, keys, now)
export const signed = (claims: object, head: object = {}) =>
  forge({ ...header, ...head }, { ...usualClaims, ...claims }, rsa)
export const without = (claim: string) =>
  forge(header, Object.fromEntries(Object.entries(usualClaims).filter(([name]) => name !== claim)), rsa)

export async function expectRefusal(
  token: string,
  reason: RegExp,
  expected: Partial<IdTokenExpectations> = {},
) {
  const refusal = await verify(token, expected).then(
    () => 'was believed',
    (error: unknown) => error,
  )
  expect(refusal).toBeInstanceOf(SignInRefused)
  const code = expect.stringMatching(/^id_token_(invalid|key_unknown)$/)
  expect(refusal).toMatchObject({ code, message: expect.stringMatching(reason) })
}
