import { describe, expect, it } from 'vitest'
import { readClaim } from '../../../control-plane/sign-in/claims.ts'
import { type TokenParties, verifyIdToken } from '../../../control-plane/sign-in/id-token.ts'
import { forge, halfHash, keysOf, now, nowSeconds, rsaPair, usualExpectations } from './forged-tokens.ts'

/*
 * ID tokens as the providers' own documentation shows them, with all that is in them. None of this may be refused.
 */

interface Shape {
  readonly what: string
  readonly parties: TokenParties
  readonly claims: Readonly<Record<string, unknown>>
  readonly subject: string
  /** Under the path that a rule would name, what is read. */
  readonly read: Readonly<Record<string, readonly string[]>>
}

const client = (
  kind: TokenParties['kind'],
  issuer: string,
  clientId: string,
  hostedDomain: string | null = null,
): TokenParties => ({ kind, issuer, clientId, hostedDomain })

const times = {
  iat: nowSeconds - 2,
  exp: nowSeconds + 3600,
  auth_time: nowSeconds - 2,
  nonce: 'nonce-1',
  at_hash: halfHash('access-token-1'),
}

const okta = client('okta', 'https://example.okta.com', '0oa1clientid')
const oktaServer = client('okta', 'https://example.okta.com/oauth2/default', '0oa1clientid')
const oktaClaims = {
  ...times,
  ...{ sub: '00uid4BxXw6I6TV4m0g3', name: 'Ann Jensen', email: 'ann@example.com', ver: 1 },
  ...{ iss: okta.issuer, aud: okta.clientId, jti: 'ID.4eAWJOCMB3SX8XewDfVR', idp: '00ok1u7AsAkrwdZL3z0g3' },
  ...{ preferred_username: 'ann@example.com', amr: ['pwd', 'mfa', 'okta_verify'] },
}

const tenant = '7d1e3bd2-2f5d-4bb4-9a0e-0f3c5c8f4c11'
const entra = client(
  'entra',
  `https://login.microsoftonline.com/${tenant}/v2.0`,
  '6cb04018-a3f5-46a7-b995-940c78f5aef3',
)
const entraFirst = client('entra', `https://sts.windows.net/${tenant}/`, entra.clientId)
const oid = '690222be-ff1a-4d56-abd1-7e4f7d38e474'
const groupIds = Array.from(
  { length: 200 },
  (_, index) => `5f8a1c7e-3d1b-4c09-8f2e-${String(index).padStart(12, '0')}`,
)
const entraClaims = {
  ...{ iat: times.iat, nbf: times.iat, exp: times.exp, nonce: times.nonce },
  ...{
    aud: entra.clientId,
    iss: entra.issuer,
    oid,
    tid: tenant,
    sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
  },
  ...{
    aio: 'Df2UVXL1ix!lMCWMSOJBcFatzcGfvFGhjKv8q5g0x732dR5MB5BisvGQO7YWByjd8iQDLq!eGbIDakyp5mnOrcdqHe',
    rh: '0.AXk',
  },
  ...{ name: 'Ann Jensen', preferred_username: 'ann@contoso.com', uti: 'YBG8EWQuMkCn', ver: '2.0' },
}

const keycloak = client('keycloak', 'https://keycloak.example.com/realms/acme', 'gatehouse')
const keycloakClaims = {
  ...times,
  ...{
    jti: '4c8a8e3f-6d2b-4a1e-9c2b-3c8b7f0f2a11',
    iss: keycloak.issuer,
    aud: 'gatehouse',
    azp: 'gatehouse',
  },
  ...{ sub: 'f4b2c1a0-9d3e-4f7a-8b6c-1d2e3f4a5b6c', typ: 'ID', sid: '8c2f11', session_state: 'x' },
  ...{
    email_verified: true,
    name: 'Ann Jensen',
    preferred_username: 'ann',
    given_name: 'Ann',
    email: 'ann@example.com',
  },
  acr: '1',
}

const zitadel = client('zitadel', 'https://acme-xyz.zitadel.cloud', '218232426656661506@gatehouse')
const zitadelRoles = 'urn:zitadel:iam:org:project:roles'
const ofProject = 'urn:zitadel:iam:org:project:218232426656661505:roles'
const zitadelClaims = {
  ...times,
  ...{ iss: zitadel.issuer, sub: '218232426656661507', azp: zitadel.clientId, client_id: zitadel.clientId },
  aud: [zitadel.clientId, '218232426656661508@console', '218232426656661505'],
  ...{ amr: ['password', 'mfa', 'otp'], name: 'Ann Jensen', preferred_username: 'ann@acme.zitadel.cloud' },
  'urn:zitadel:iam:user:metadata': { department: 'U1JF' },
  'urn:zitadel:iam:user:resourceowner:id': '218232426656661504',
}

const google = client(
  'google_workspace',
  'https://accounts.google.com',
  '1234987819200.apps.googleusercontent.com',
  'example.com',
)
const googleClaims = {
  ...{ iat: times.iat, exp: times.exp, nonce: times.nonce, at_hash: times.at_hash },
  ...{ iss: google.issuer, azp: google.clientId, aud: google.clientId, sub: '10769150350006150715113082367' },
  ...{ email: 'ann@example.com', email_verified: true, hd: 'example.com', name: 'Ann Jensen', locale: 'en' },
  picture: 'https://lh4.googleusercontent.com/-kw-iMgD_j34/AAAAAAAAAAI/AAAAAAAAAAc/P1YY91tzesU/photo.jpg',
}

const shapes: readonly Shape[] = [
  {
    what: 'Okta’s own server, with a claim of groups',
    parties: okta,
    claims: { ...oktaClaims, groups: ['Everyone', 'gatehouse-admins'] },
    subject: oktaClaims.sub,
    read: { groups: ['Everyone', 'gatehouse-admins'], amr: ['pwd', 'mfa', 'okta_verify'] },
  },
  {
    what: 'an authorization server of Okta, with a role of the user’s profile',
    parties: oktaServer,
    claims: { ...oktaClaims, iss: oktaServer.issuer, role: 'admin', acr: 'urn:okta:loa:2fa:any' },
    subject: oktaClaims.sub,
    read: { role: ['admin'], acr: ['urn:okta:loa:2fa:any'], groups: [] },
  },
  {
    what: 'Entra ID 2.0 with app roles and 200 groups by their ids',
    parties: entra,
    claims: { ...entraClaims, roles: ['Gatehouse.Admin'], groups: groupIds },
    subject: oid,
    read: { roles: ['Gatehouse.Admin'], groups: groupIds },
  },
  {
    what: 'Entra ID 2.0 without roles, for somebody who has none',
    parties: entra,
    claims: entraClaims,
    subject: oid,
    read: { roles: [], groups: [] },
  },
  {
    what: 'Entra ID 2.0 with more groups than fit, which are elsewhere',
    parties: entra,
    claims: {
      ...entraClaims,
      _claim_names: { groups: 'src1' },
      _claim_sources: {
        src1: { endpoint: `https://graph.windows.net/${tenant}/users/${oid}/getMemberObjects` },
      },
    },
    subject: oid,
    read: { groups: [] },
  },
  {
    what: 'Entra ID 2.0 that says of groups only that there are some',
    parties: entra,
    claims: { ...entraClaims, hasgroups: true, acrs: ['c1', 'p1'] },
    subject: oid,
    read: { groups: [], acrs: ['c1', 'p1'] },
  },
  {
    what: 'Entra ID 1.0, whose issuer ends in a slash, with the methods of the sign-in',
    parties: entraFirst,
    claims: {
      ...entraClaims,
      ...{ iss: entraFirst.issuer, ver: '1.0', amr: ['pwd', 'mfa'], ipaddr: '203.0.113.7' },
      ...{
        unique_name: 'ann@contoso.com',
        upn: 'ann@contoso.com',
        family_name: 'Jensen',
        roles: ['Gatehouse.Viewer'],
      },
    },
    subject: oid,
    read: { roles: ['Gatehouse.Viewer'], amr: ['pwd', 'mfa'] },
  },
  {
    what: 'Keycloak with full paths of groups and roles of the realm and of a client',
    parties: keycloak,
    claims: {
      ...keycloakClaims,
      groups: ['/platform/sre', '/everybody'],
      realm_access: {
        roles: ['default-roles-acme', 'offline_access', 'uma_authorization', 'gatehouse-admin'],
      },
      resource_access: { 'gate.example.com': { roles: ['operator'] }, account: { roles: ['view-profile'] } },
    },
    subject: keycloakClaims.sub,
    read: {
      groups: ['/platform/sre', '/everybody'],
      'realm_access.roles': ['default-roles-acme', 'offline_access', 'uma_authorization', 'gatehouse-admin'],
      'resource_access.gate.example.com.roles': ['operator'],
    },
  },
  {
    what: 'Keycloak with a level that is a number, and an audience mapper',
    parties: keycloak,
    claims: { ...keycloakClaims, acr: 2, aud: ['gatehouse', 'account'] },
    subject: keycloakClaims.sub,
    read: { groups: [] },
  },
  {
    what: 'Zitadel, whose roles are the names in an object, for all and for one project',
    parties: zitadel,
    claims: {
      ...zitadelClaims,
      [zitadelRoles]: {
        admin: { '2182324266': 'acme.zitadel.cloud' },
        sre: { '2182324266': 'acme.zitadel.cloud' },
      },
      [ofProject]: { admin: { '2182324266': 'acme.zitadel.cloud' } },
    },
    subject: zitadelClaims.sub,
    read: { [zitadelRoles]: ['admin', 'sre'], [ofProject]: ['admin'] },
  },
  {
    what: 'Zitadel, whose roles are a list of objects',
    parties: zitadel,
    claims: {
      ...zitadelClaims,
      [zitadelRoles]: [{ admin: { '2182324266': 'acme.zitadel.cloud' } }, { sre: { '2182324266': 'x' } }],
    },
    subject: zitadelClaims.sub,
    read: { [zitadelRoles]: ['admin', 'sre'] },
  },
  {
    what: 'Google Workspace',
    parties: google,
    claims: googleClaims,
    subject: googleClaims.sub,
    read: { email: ['ann@example.com'], hd: ['example.com'], groups: [] },
  },
]

describe('an ID token is believed, and its claims are read, of', () => {
  const rsa = rsaPair('key-1')
  const keys = keysOf(rsa.jwk)
  const header = { alg: 'RS256', kid: 'key-1', typ: 'JWT' }

  it.each(shapes)('$what', async ({ parties, claims, subject, read }) => {
    const token = forge(header, claims, rsa)
    const verified = await verifyIdToken(token, { ...usualExpectations, ...parties }, keys, now)
    expect(verified.subject).toBe(subject)
    for (const [path, values] of Object.entries(read)) {
      expect(readClaim(verified.claims, path), path).toEqual(values)
    }
  })

  it('Keycloak and Zitadel after a refresh too, with the nonce that they repeat', async () => {
    for (const [parties, claims] of [
      [keycloak, keycloakClaims],
      [zitadel, zitadelClaims],
    ] as const) {
      const expected = { ...usualExpectations, ...parties, nonce: null, code: null }
      await expect(verifyIdToken(forge(header, claims, rsa), expected, keys, now)).resolves.toBeDefined()
    }
  })
})
