import { BadUserInput } from '../../graphql/errors.ts'
import { checkInteger, checkName, checkText } from '../../input.ts'
import { isNoClaim } from '../../sign-in/claims.ts'
import { checkNetworks } from '../identity-providers/index.ts'
import type { JwtProvider, RequiredClaim } from './entity.ts'

/** What of a provider can be changed later, but for how its tokens are signed. */
export interface JwtProviderSettings {
  readonly name: string
  readonly audiences: readonly string[]
  readonly tokenTypes: readonly string[] | null
  readonly requiredClaims: readonly RequiredClaim[]
  readonly subjectClaim: string
  readonly maxAgeSeconds: number
  readonly opensControlPlane: boolean
  readonly trustedNetworks: readonly string[]
}

const most = { audiences: 20, tokenTypes: 10, requiredClaims: 20 } as const
const longestWord = 512
const ageBounds = { minimum: 60, maximum: 86_400 }
/** What people can change, or what is given to somebody else one day. */
const changing = ['email', 'login', 'name', 'nickname', 'preferred_username', 'unique_name', 'upn']

/** @throws BadUserInput that names the field and the way out */
export function checkedSettings(settings: JwtProviderSettings): Pick<JwtProvider, keyof JwtProviderSettings> {
  checkNetworks(settings.trustedNetworks)
  return {
    name: checkName('name', settings.name),
    audiences: checkAudiences(settings.audiences),
    tokenTypes: settings.tokenTypes && checkTypes(settings.tokenTypes),
    requiredClaims: checkRequired(settings.requiredClaims),
    subjectClaim: checkSubjectClaim(settings.subjectClaim),
    maxAgeSeconds: checkInteger('maxAgeSeconds', settings.maxAgeSeconds, ageBounds),
    opensControlPlane: settings.opensControlPlane,
    trustedNetworks: [...settings.trustedNetworks],
  }
}

/** Gatehouse's own names are nobody else's. @throws BadUserInput */
export function checkIssuer(issuer: string): string {
  checkWord('issuer', issuer)
  if (/^urn:gatehouse:/i.test(issuer))
    throw new BadUserInput('issuer', 'is Gatehouse itself, whose tokens are believed anyway')
  return issuer
}

function checkAudiences(audiences: readonly string[]): string[] {
  if (audiences.length === 0)
    throw new BadUserInput('audiences', 'must have an entry: what the issuer calls Gatehouse in "aud"')
  for (const audience of audiences) {
    checkWord('audiences', audience)
    if (/^urn:gatehouse:/i.test(audience))
      throw new BadUserInput('audiences', 'are what the issuer calls Gatehouse, not what Gatehouse does')
  }
  return distinct('audiences', audiences)
}

function checkTypes(types: readonly string[]): string[] {
  if (types.length === 0)
    throw new BadUserInput('tokenTypes', 'must have an entry, such as "at+jwt"; null takes the usual ones')
  const plain = types.map((type) => type.toLowerCase().replace(/^application\//, ''))
  const bad = plain.find((type) => !/^[a-z0-9][a-z0-9+.-]{0,63}$/.test(type))
  if (bad !== undefined)
    throw new BadUserInput('tokenTypes', 'must be values of "typ" such as "at+jwt" or "JWT"')
  // OpenID Connect Back-Channel Logout 1.0, section 2.4.
  if (plain.includes('logout+jwt'))
    throw new BadUserInput('tokenTypes', 'cannot have "logout+jwt": nobody calls with a logout token')
  return distinct('tokenTypes', plain)
}

function checkRequired(required: readonly RequiredClaim[]): RequiredClaim[] {
  for (const { claim, value } of required) {
    checkText('requiredClaims.claim', claim, { maximumLength: 256 })
    if (isNoClaim(claim)) throw new BadUserInput('requiredClaims.claim', 'is the name of no claim')
    checkText('requiredClaims.value', value, { maximumLength: 256 })
  }
  distinct(
    'requiredClaims',
    required.map(({ claim }) => claim),
  )
  return required.map(({ claim, value }) => ({ claim, value }))
}

function checkSubjectClaim(claim: string): string {
  checkWord('subjectClaim', claim, 64)
  if (isNoClaim(claim) || changing.includes(claim.toLowerCase()))
    throw new BadUserInput(
      'subjectClaim',
      'must name what is never given to another, such as "sub" or Entra’s "oid"',
    )
  return claim
}

function checkWord(field: string, text: string, maximumLength = longestWord): void {
  checkText(field, text, { maximumLength })
  if (/[^!-~]/.test(text)) throw new BadUserInput(field, 'must be printable ASCII characters, no spaces')
}

function distinct(field: keyof typeof most, values: readonly string[]): string[] {
  if (values.length > most[field])
    throw new BadUserInput(field, `must have at most ${most[field]} entries, not ${values.length}`)
  const twice = values.find((value, index) => values.indexOf(value) !== index)
  if (twice !== undefined) throw new BadUserInput(field, `holds "${twice.slice(0, 64)}" twice`)
  return [...values]
}
