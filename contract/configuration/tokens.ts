import Type, { type Static } from 'typebox'
import { closed, Id, Nullable } from './parts.ts'

/*
 * What data planes know of tokens by which people call (RFC 9068), and of these people. All of it only allows, so that a
 * release that does not know it may skip it: it then knows virtual keys alone.
 */

const advisory = Type.Literal(true)

export const tokenAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA', 'HS256'] as const
export type TokenAlgorithm = (typeof tokenAlgorithms)[number]

/** A public key in JSON; its `kid`, where it has one, is how tokens name it. */
const VerificationKey = Type.Record(Type.String(), Type.String())
export type VerificationKey = Static<typeof VerificationKey>

/**
 * Milliseconds since the epoch: when everybody, or this user, was signed out. Tokens from before are believed no more, those
 * of a session that began before among them. Left out: all are.
 */
const NotBefore = Type.Optional(Type.Integer({ minimum: 0 }))

/** Whose tokens are believed, and which of them. */
export const TokenIssuer = Type.Object(
  {
    kind: Type.Literal('token_issuer'),
    id: Id,
    advisory,
    name: Type.String(),
    /** `iss`, character for character. */
    issuer: Type.String({ minLength: 1, maxLength: 512 }),
    /** One of them must be in `aud`. */
    audiences: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
    /** The only one. */
    algorithm: Type.Enum(tokenAlgorithms),
    /** The accepted `typ`, in lower case and without `application/`; null: none has to be given, and any may be. */
    tokenTypes: Nullable(Type.Array(Type.String(), { minItems: 1 })),
    keys: Type.Array(VerificationKey),
    /** Names the shared secret in the sealed credentials; null where there are keys. */
    secretId: Nullable(Id),
    /** Claims that must be there with exactly this value. */
    requiredClaims: Type.Record(Type.String(), Type.String()),
    /** `users`: `sub` is the id of a user here. `holders`: the claim names somebody there, see `TokenHolder.subjects`. */
    subjects: Type.Enum(['users', 'holders']),
    subjectClaim: Type.String({ minLength: 1 }),
    /** Since `iat`, whatever `exp` says. */
    maxAgeSeconds: Type.Integer({ minimum: 1 }),
    notBefore: NotBefore,
  },
  closed,
)

/** What a user's own tokens entitle to, beside what is said of the user. */
export const TokenHolder = Type.Object(
  {
    kind: Type.Literal('token_holder'),
    /** The user's. */
    id: Id,
    advisory,
    /** The key of a call that names none; null: the only one that they own. */
    defaultVirtualKeyId: Nullable(Id),
    /** Whose keys they may name, beside those of the team that their calls are charged to. */
    teamIds: Type.Array(Id),
    /** How issuers name them, see `subjectDigest`. */
    subjects: Type.Array(Type.String({ pattern: '^[0-9a-f]{64}$' })),
    notBefore: NotBefore,
  },
  closed,
)

export type TokenIssuer = Static<typeof TokenIssuer>
export type TokenHolder = Static<typeof TokenHolder>
