import { builder } from '../../graphql/builder.ts'
import { versionDescription } from '../../graphql/concurrency-fields.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { IdentityProviderType } from '../identity-providers/index.ts'
import { type JwtProvider, JwtProviderEntity, type RequiredClaim } from './entity.ts'

export const TokenAlgorithmType = builder.enumType('TokenAlgorithm', {
  description: 'How a token is signed.',
  values: {
    RS256: { description: 'RSA with PKCS #1 v1.5 padding, keys of 2048 to 8192 bits.' },
    PS256: { description: 'RSA with PSS padding, keys of 2048 to 8192 bits.' },
    ES256: { description: 'ECDSA on P-256.' },
    EDDSA: { value: 'EdDSA', description: 'Ed25519.' },
    HS256: { description: 'A secret that both sides know.' },
  } as const,
})

export const texts = {
  audiences: 'What the issuer calls Gatehouse: one of these must be in `aud`, to the letter.',
  tokenTypes:
    'The accepted `typ`, such as `at+jwt`, one of which must be there. Null: `JWT`, `at+jwt` or none; of those that are not `at+jwt`, none with a claim of an ID token.',
  requiredClaims: 'Claims that must be there. All of them must.',
  subjectClaim:
    'The claim that names the person as the identity provider does, and that is never given to another.',
  maxAge: 'How long after `iat` a token is believed, whatever its `exp` says: 60 to 86400 seconds.',
  opensControlPlane:
    'Whether its tokens are credentials of this API too, with the rights of their user. Nothing that needs MFA is done with them.',
  trustedNetworks:
    'Private networks in which `jwksUrl` may be, such as `10.1.0.0/16`; any other private address is refused.',
  jwksUrl:
    'Where its keys are. Control planes ask every minute; data planes never do. When it has not answered for a day, no token is believed.',
} as const

const RequiredClaimType = builder.objectRef<RequiredClaim>('RequiredClaim').implement({
  description: 'What a token must say.',
  fields: (t) => ({
    claim: t.exposeString('claim', { description: 'The name of the claim; no path.' }),
    value: t.exposeString('value', { description: 'Its value, or one of its values when it is a list.' }),
  }),
})

registerNodeType('jwt', 'JwtProvider')

export const JwtProviderType = builder.loadableNodeRef('JwtProvider', {
  id: { resolve: (provider: JwtProvider) => provider.id },
  load: (ids: string[], context) => loadVisible(context, 'identity_providers:view', JwtProviderEntity, ids),
})

JwtProviderType.implement({
  description:
    'An issuer whose tokens (JWT) people call with, on data planes and, where it is so set, on this API. A secret is never shown.',
  fields: (t) => ({
    version: t.exposeInt('version', { description: versionDescription }),
    name: t.exposeString('name', { description: 'For people to tell it by.' }),
    issuer: t.exposeString('issuer', {
      description: 'As its tokens name it, to the letter. It never changes.',
    }),
    identityProvider: t.field({
      type: IdentityProviderType,
      nullable: true,
      description:
        'The identity provider whose people the tokens name: a user is found by their identity there. Null when you may not see it. It never changes.',
      resolve: ({ identityProviderId }) => identityProviderId,
    }),
    audiences: t.exposeStringList('audiences', { description: texts.audiences }),
    algorithm: t.expose('algorithm', {
      type: TokenAlgorithmType,
      description: 'The only one. It never changes.',
    }),
    tokenTypes: t.exposeStringList('tokenTypes', { nullable: true, description: texts.tokenTypes }),
    requiredClaims: t.field({
      type: [RequiredClaimType],
      description: texts.requiredClaims,
      resolve: ({ requiredClaims }) => requiredClaims,
    }),
    subjectClaim: t.exposeString('subjectClaim', { description: texts.subjectClaim }),
    maxAgeSeconds: t.exposeInt('maxAgeSeconds', { description: texts.maxAge }),
    opensControlPlane: t.exposeBoolean('opensControlPlane', { description: texts.opensControlPlane }),
    enabled: t.exposeBoolean('enabled', { description: 'Whether its tokens are believed.' }),
    jwksUrl: t.exposeString('jwksUrl', { nullable: true, description: texts.jwksUrl }),
    trustedNetworks: t.exposeStringList('trustedNetworks', { description: texts.trustedNetworks }),
    keyIds: t.stringList({
      description: 'The `kid` of each key that verifies now, empty for one without.',
      resolve: ({ keys }) => keys.map(({ kid = '' }) => kid),
    }),
    keysFetchedAt: t.expose('keysFetchedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When its keys were last fetched; null: never.',
    }),
    keysProblem: t.exposeString('keysProblem', {
      nullable: true,
      description:
        'Why keys could not be fetched the last time, or which were left out; null: nothing is wrong.',
    }),
    secretExposedAt: t.expose('secretExposedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'Since when a data plane that was revoked knows its secret: give it a new one. Null: none does.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
})
