import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { TokenVerifier } from '../../../data-plane/host/token-verifier.ts'
import type { CompiledTokenIssuer } from '../../../plugins/sdk/builtin.ts'
import { refusalOf } from '../../plugins/refusal.ts'
import { configurationWith } from '../configuration.ts'

const now = 1_800_000_000_000
const seconds = now / 1_000
const signer = generateKeyPairSync('ed25519')
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })

const usual: CompiledTokenIssuer = {
  id: 'org_1',
  name: 'Gatehouse',
  issuer: 'urn:gatehouse:org_1',
  audiences: ['urn:gatehouse:org_1:data-planes'],
  algorithm: 'EdDSA',
  tokenTypes: ['at+jwt'],
  keys: [{ kid: 'k1', key: signer.publicKey }],
  secretId: null,
  requiredClaims: {},
  subjects: 'users',
  subjectClaim: 'sub',
  maxAgeSeconds: 900,
}

const foreign: CompiledTokenIssuer = {
  ...usual,
  ...{ id: 'jwt_1', issuer: 'https://idp.example', audiences: ['api://gatehouse'], tokenTypes: null },
  ...{ subjects: 'holders', requiredClaims: { tid: 'acme' } },
}

function setUp(issuer: CompiledTokenIssuer = usual, options: { at?: number; secret?: string } = {}) {
  const clock = { now: options.at ?? now }
  const verifier = new TokenVerifier({ now: () => clock.now, credential: () => options.secret })
  const running = { issuer: issuer as CompiledTokenIssuer | undefined }
  const configuration = configurationWith({
    tokenIssuer: (iss) => (iss === running.issuer?.issuer ? running.issuer : undefined),
  })
  return {
    clock,
    running,
    verify: async (token: string) => verifier.verify(token, configuration),
    verifier,
    configuration,
  }
}

interface Made {
  readonly header?: Record<string, unknown>
  readonly claims?: Record<string, unknown>
  readonly key?: KeyObject
}

const usualClaims = {
  ...{ iss: usual.issuer, aud: 'urn:gatehouse:org_1:data-planes', sub: 'usr_1', sid: 'sess_1' },
  ...{ iat: seconds, exp: seconds + 900 },
}
const foreignClaims = {
  ...{ iss: foreign.issuer, aud: ['other', 'api://gatehouse'], sub: 'alice', tid: 'acme' },
  ...{ iat: seconds, exp: seconds + 900 },
}

function make({ header = {}, claims = {}, key = signer.privateKey }: Made = {}): Promise<string> {
  return new SignJWT({ ...usualClaims, ...claims })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'k1', ...header })
    .sign(key)
}

function makeForeign({ header = {}, claims = {} }: Made = {}): Promise<string> {
  return new SignJWT({ ...foreignClaims, ...claims })
    .setProtectedHeader({ alg: 'EdDSA', kid: 'k1', ...header })
    .sign(signer.privateKey)
}

const refusal = async (issuer: CompiledTokenIssuer, token: string, options = {}) =>
  refusalOf(() => setUp(issuer, options).verify(token))

it('tells whom a good token is about, from which session, and until when', async () => {
  expect(await setUp().verify(await make())).toEqual({
    ...{ issuer: usual, subject: 'usr_1', sessionId: 'sess_1' },
    since: now,
    believedUntil: now + 900_000,
  })
})

describe('a token is refused with 401', () => {
  const cases: Record<string, () => Promise<string> | string> = {
    'by another issuer': () => make({ claims: { iss: 'urn:gatehouse:org_2' } }),
    'without an issuer': () => make({ claims: { iss: undefined } }),
    'for another audience': () => make({ claims: { aud: 'urn:gatehouse:org_2:data-planes' } }),
    'without an audience': () => make({ claims: { aud: undefined } }),
    'that has ended': () => make({ claims: { iat: seconds - 800, exp: seconds - 31 } }),
    'that never ends': () => make({ claims: { exp: undefined } }),
    'that does not say since when': () => make({ claims: { iat: undefined } }),
    'that was made too long ago, whatever it says': () =>
      make({ claims: { iat: seconds - 901, exp: seconds + 10_000_000 } }),
    'that is from the future': () => make({ claims: { iat: seconds + 301, exp: seconds + 900 } }),
    'that does not hold yet': () => make({ claims: { nbf: seconds + 31 } }),
    'of nobody': () => make({ claims: { sub: '' } }),
    'of a number': () => make({ claims: { sub: 7 } }),
    'of ours without a session': () => make({ claims: { sid: undefined } }),
    'of another type': () => make({ header: { typ: 'JWT' } }),
    'without a type': () => make({ header: { typ: undefined } }),
    'that is for logging out': () => make({ header: { typ: 'logout+jwt' } }),
    'that names an unknown key': () => make({ header: { kid: 'k2' } }),
    'by another key of the same name': () => make({ key: generateKeyPairSync('ed25519').privateKey }),
    'by another algorithm': () => make({ header: { alg: 'RS256' }, key: rsa.privateKey }),
    'by the public key as a shared secret': () =>
      make({
        header: { alg: 'HS256' },
        key: createSecretKey(signer.publicKey.export({ format: 'der', type: 'spki' })),
      }),
    'that says that nothing signs it': async () => {
      const [, body] = (await make()).split('.')
      return `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${body}.AA`
    },
    'that brings its own key': async () => {
      const own = generateKeyPairSync('ed25519')
      const jwk = own.publicKey.export({ format: 'jwk' })
      return make({ header: { jwk, kid: undefined }, key: own.privateKey })
    },
    'with extensions': async () => {
      const [, body, signature] = (await make()).split('.')
      const header = { alg: 'EdDSA', typ: 'at+jwt', kid: 'k1', crit: ['exp'] }
      return `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${body}.${signature}`
    },
    'that says two things of its person': async () => {
      const [head, , signature] = (await make()).split('.')
      const body = JSON.stringify(usualClaims).replace('{', '{"sub":"usr_2",')
      return `${head}.${Buffer.from(body).toString('base64url')}.${signature}`
    },
    'with stray bits at its end': async () => `${await make()}=`,
    'that is too large': () => make({ claims: { more: 'x'.repeat(17_000) } }),
  }
  it.each(Object.entries(cases))('%s', async (_, token) => {
    expect(await refusal(usual, await token())).toMatchObject({
      code: 'authentication_required',
      status: 401,
    })
  })
})

describe('a token of an identity provider', () => {
  it('is about nobody’s session here, whatever it says', async () => {
    const token = await makeForeign({ claims: { sid: 'sess_1' } })
    expect(await setUp(foreign).verify(token)).toMatchObject({ subject: 'alice', sessionId: null })
  })

  it.each([undefined, 'JWT', 'at+jwt', 'application/at+jwt'])('may be of the type %s', async (typ) => {
    expect(await setUp(foreign).verify(await makeForeign({ header: { typ } }))).toMatchObject({
      subject: 'alice',
    })
  })

  it.each<[string, Made]>([
    ['an ID token', { claims: { nonce: 'n' } }],
    ['an ID token of the code flow', { claims: { at_hash: 'x' } }],
    ['an ID token of the hybrid flow', { claims: { c_hash: 'x' } }],
    ['a logout token', { claims: { events: {} } }],
    ['a logout token by its type', { header: { typ: 'logout+jwt' } }],
    ['a token of another tenant', { claims: { tid: 'evil' } }],
    ['a token without a required claim', { claims: { tid: undefined } }],
  ])('is not %s', async (_, made) => {
    expect((await refusal(foreign, await makeForeign(made))).code).toBe('authentication_required')
  })
})

describe('a shared secret', () => {
  const secret = 'a shared secret of at least 32 bytes!'
  const shared: CompiledTokenIssuer = { ...foreign, algorithm: 'HS256', keys: [], secretId: 'cred_1' }
  const sign = (key: string) =>
    new SignJWT(foreignClaims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(key))

  it('verifies what was signed with it, and nothing else', async () => {
    expect(await setUp(shared, { secret }).verify(await sign(secret))).toMatchObject({ subject: 'alice' })
    const other = await sign('another secret of at least 32 bytes!!')
    expect((await refusal(shared, other, { secret })).code).toBe('authentication_required')
    expect((await refusal(shared, await makeForeign(), { secret })).code).toBe('authentication_required')
  })

  it('that is not here yet verifies nothing', async () => {
    expect((await refusal(shared, await sign(secret))).code).toBe('authentication_required')
  })
})

describe('a token that came before', () => {
  it('is known at once, until it ends', async () => {
    const { verifier, configuration, clock } = setUp()
    const token = await make()
    expect(verifier.known(token, configuration)).toBeUndefined()
    const first = await verifier.verify(token, configuration)
    expect(verifier.verify(token, configuration)).toBe(first)
    expect(verifier.known(token, configuration)).toBe(first)
    clock.now = now + 901_000
    expect(verifier.known(token, configuration)).toBeUndefined()
    expect((await refusalOf(async () => verifier.verify(token, configuration))).message).toMatch(
      /expired|too long ago/,
    )
  })

  it('counts no longer once its issuer is another one or gone', async () => {
    const { verify, running } = setUp()
    const token = await make()
    await verify(token)
    running.issuer = { ...usual, keys: [{ kid: 'k2', key: signer.publicKey }] }
    expect((await refusalOf(() => verify(token))).code).toBe('authentication_required')
    running.issuer = undefined
    expect((await refusalOf(() => verify(token))).code).toBe('authentication_required')
  })
})
