import { NetworkRefused, parseNetwork } from '../../../contract/networks.ts'
import { BadUserInput } from '../../graphql/errors.ts'
import { checkListLength, checkText } from '../../input.ts'
import type { BusinessUnitRule } from '../../sign-in/business-unit-mapping.ts'
import { isNoClaim } from '../../sign-in/claims.ts'
import { type OAuth2Settings, type ProviderKind, providerKinds } from '../../sign-in/provider-kinds.ts'
import type { RoleRule, TeamRule } from '../../sign-in/role-mapping.ts'

/** What is configured of an identity provider, but for its secret. */
export interface ProviderInput {
  readonly name: string
  readonly kind: ProviderKind
  readonly issuer: string
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly hostedDomain: string | null
  readonly endpoints: OAuth2Settings | null
  readonly trustedNetworks: readonly string[]
  readonly roleRules: readonly RoleRule[]
  readonly teamRules: readonly TeamRule[]
  readonly businessUnitRules: readonly BusinessUnitRule[]
}

const longestUrl = 2_048
const longestSecret = 4_096
const mostRules = 200

/** @throws BadUserInput that names the field and the way out */
export function checkSettings(input: ProviderInput): void {
  checkProviderName(input.name)
  checkIssuer(input.issuer)
  checkClientId(input.clientId)
  checkScopes(input)
  checkEndpoints(input)
  checkHostedDomain(input)
  checkNetworks(input.trustedNetworks)
  checkRules('roleRules', input.roleRules)
  checkRules('teamRules', input.teamRules)
  for (const { team } of input.teamRules)
    if (team !== '*') checkText('teamRules', team, { maximumLength: 128 })
  checkRules('businessUnitRules', input.businessUnitRules)
}

/** @throws BadUserInput */
export function checkClientSecret(secret: string): string {
  if (secret.length > longestSecret || !/^[!-~]([ -~]*[!-~])?$/.test(secret)) {
    throw new BadUserInput(
      'clientSecret',
      `must be 1 to ${longestSecret} printable ASCII characters, with no space around them`,
    )
  }
  return secret
}

/**
 * A secret goes only where whoever set it wanted it to go, and so does what it brings: another address needs it anew.
 *
 * @throws BadUserInput
 */
export function requireSameReceivers(former: OAuth2Settings | null, endpoints: OAuth2Settings): void {
  const { tokenUrl, userinfoUrl } = former ?? endpoints
  if (endpoints.tokenUrl === tokenUrl && endpoints.userinfoUrl === userinfoUrl) return
  throw new BadUserInput('clientSecret', 'must be given anew with another tokenUrl or userinfoUrl')
}

/** RFC 6749, appendix A.1. @throws BadUserInput */
export function checkClientId(clientId: string): string {
  checkText('clientId', clientId, { maximumLength: 256 })
  if (/[^ -~]/.test(clientId)) throw new BadUserInput('clientId', 'must be printable ASCII characters')
  return clientId
}

/** Part of the addresses at which people sign in. */
function checkProviderName(name: string): void {
  checkText('name', name, { maximumLength: 64 })
  if (/^[a-z0-9][a-z0-9-]*$/.test(name)) return
  throw new BadUserInput(
    'name',
    'must begin with a letter or digit and hold only a-z, 0-9 and "-", such as "okta"',
  )
}

/** OpenID Connect Discovery 1.0, section 3: https, neither query nor fragment; whether http is trusted is decided when it is asked. */
function checkIssuer(issuer: string): void {
  checkText('issuer', issuer, { maximumLength: longestUrl })
  const url = URL.parse(issuer)
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw new BadUserInput(
      'issuer',
      'must be a URL such as "https://example.okta.com", as the provider writes it',
    )
  }
  if (url.username !== '' || url.password !== '' || issuer.includes('?') || issuer.includes('#')) {
    throw new BadUserInput('issuer', 'must have no user, query or fragment')
  }
}

function checkScopes({ kind, scopes }: ProviderInput): void {
  checkListLength('scopes', scopes.length)
  refuseTwice('scopes', scopes)
  // RFC 6749, section 3.3.
  const bad = scopes.find((scope) => !/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(scope))
  if (bad !== undefined) throw new BadUserInput('scopes', `"${bad.slice(0, 64)}" is no scope of OAuth`)
  const { hasIdTokens } = providerKinds[kind]
  if (!hasIdTokens && scopes.includes('openid'))
    throw new BadUserInput(
      'scopes',
      'hold "openid", which asks for ID tokens: make it a provider of kind OIDC',
    )
  if (hasIdTokens && !scopes.includes('openid'))
    throw new BadUserInput('scopes', 'must hold "openid": without it nobody is named')
}

/** Over https, or over http where the issuer is: only a trusted network lets that through. @throws BadUserInput */
function checkEndpoints({ kind, issuer, endpoints }: ProviderInput): void {
  const { hasIdTokens } = providerKinds[kind]
  if (hasIdTokens && endpoints !== null) {
    throw new BadUserInput('endpoints', 'are of kind OAUTH2 alone: others have a discovery document')
  }
  if (hasIdTokens) return
  if (endpoints === null)
    throw new BadUserInput('endpoints', 'are needed: OAuth 2.0 has no discovery document')
  const { subjectClaim, ...urls } = endpoints
  for (const [name, text] of Object.entries(urls)) {
    checkText(`endpoints.${name}`, text, { maximumLength: longestUrl })
    const url = URL.parse(text)
    const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && /^http:/i.test(issuer))
    if (!url || !isSafe || url.username !== '' || url.password !== '' || url.hash !== '') {
      throw new BadUserInput(`endpoints.${name}`, 'must be an https URL with neither user nor fragment')
    }
  }
  checkText('endpoints.subjectClaim', subjectClaim, { maximumLength: 64 })
  if (isNoClaim(subjectClaim) || ['email', 'login', 'name', 'preferred_username'].includes(subjectClaim)) {
    throw new BadUserInput(
      'endpoints.subjectClaim',
      'must name what is never given to another, such as "id" or "sub"',
    )
  }
}

function checkHostedDomain({ kind, hostedDomain }: ProviderInput): void {
  if (providerKinds[kind].requiresHostedDomain && hostedDomain === null) {
    throw new BadUserInput(
      'hostedDomain',
      'is needed: without it everybody with a Google account could sign in',
    )
  }
  if (hostedDomain === null) return
  if (!/^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(hostedDomain)) {
    throw new BadUserInput('hostedDomain', 'must be a domain in lower case, such as "example.com"')
  }
}

/** @throws BadUserInput */
export function checkNetworks(networks: readonly string[]): void {
  checkListLength('trustedNetworks', networks.length)
  refuseTwice('trustedNetworks', networks)
  for (const network of networks) checkNetwork(network)
}

/** With the parser of what asks the provider, so that nothing is stored that it would stumble over. */
function checkNetwork(network: string): void {
  try {
    parseNetwork(network)
  } catch (error) {
    if (!(error instanceof NetworkRefused)) throw error
    throw new BadUserInput('trustedNetworks', `"${network.slice(0, 64)}" ${error.message}`)
  }
}

function checkRules(
  field: string,
  rules: readonly { readonly claim: string; readonly value: string }[],
): void {
  if (rules.length > mostRules) throw new BadUserInput(field, `must have at most ${mostRules} rules`)
  refuseTwice(field, rules)
  for (const { claim, value } of rules) {
    checkText(`${field}.claim`, claim, { maximumLength: 256 })
    if (isNoClaim(claim)) throw new BadUserInput(`${field}.claim`, 'is the name of no claim')
    checkText(`${field}.value`, value, { maximumLength: 256 })
  }
}

function refuseTwice(field: string, entries: readonly unknown[]): void {
  const texts = entries.map((entry) => JSON.stringify(entry))
  const twice = texts.find((text, index) => texts.indexOf(text) !== index)
  if (twice !== undefined) throw new BadUserInput(field, `holds ${twice.slice(0, 128)} twice`)
}
