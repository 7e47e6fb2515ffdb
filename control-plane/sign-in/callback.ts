import { timingSafeEqual } from 'node:crypto'
import type { ServerMetadata } from 'openid-client'
import { SignInRefused } from './refused.ts'

/** What decides; a second one of a name would be read by one reader and not by another. */
const decisive = ['state', 'code', 'iss', 'error', 'response', 'id_token']

/**
 * Holds the answer that a browser brings against its challenge, before the provider is asked anything: RFC 6749
 * §10.12, and RFC 9207 against the mix-up of two providers.
 *
 * @throws SignInRefused `callback_invalid` or `state_mismatch`
 */
export function checkCallback(
  parameters: URLSearchParams,
  metadata: Pick<ServerMetadata, 'issuer' | 'authorization_response_iss_parameter_supported'>,
  expectedState: string,
): void {
  const repeated = decisive.find((name) => parameters.getAll(name).length > 1)
  if (repeated !== undefined) {
    throw new SignInRefused('callback_invalid', `The answer to the sign-in has ${repeated} more than once`)
  }
  if (!isEqual(parameters.get('state') ?? '', expectedState)) {
    throw new SignInRefused('state_mismatch', 'The answer is to another sign-in than the one that was begun')
  }
  const issuer = parameters.get('iss')
  const mustNameIssuer = metadata.authorization_response_iss_parameter_supported === true
  if (issuer === null ? mustNameIssuer : issuer !== metadata.issuer) {
    throw new SignInRefused('callback_invalid', 'The answer is not by the identity provider that was asked')
  }
  if (!parameters.has('code') && !parameters.has('error')) {
    throw new SignInRefused('callback_invalid', 'The answer to the sign-in has no code')
  }
}

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return other !== '' && a.length === b.length && timingSafeEqual(a, b)
}
