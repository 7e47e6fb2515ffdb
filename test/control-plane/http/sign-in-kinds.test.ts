import { describe, expect, it } from 'vitest'
import { read } from '../api.ts'
import { type SignInOptions, startSignIn, type ViewerAnswer, viewerQuery } from './signed-in.ts'

interface Shape {
  readonly kind: string
  readonly options: SignInOptions
  /** Of somebody who is an admin and of the team `sre`, as far as the kind can say so. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly teams: readonly string[]
}

const admin = (claim: string, value: string) => [{ claim, value, roleId: 'role_admin' }]
const tenant = '8f4e6b1c-52d3-4f0a-9a57-0c7f4c1d2e3f'
const zitadelRoles = 'urn:zitadel:iam:org:project:roles'

/** What each of them puts into an ID token, by their documentation. */
const shapes: readonly Shape[] = [
  {
    kind: 'OKTA',
    options: { provider: { kind: 'OKTA', roleRules: admin('groups', 'gatehouse-admins') } },
    claims: { groups: ['sre', 'gatehouse-admins'] },
    teams: ['gatehouse-admins', 'sre'],
  },
  {
    kind: 'ENTRA',
    options: {
      path: `/${tenant}/v2.0`,
      provider: { kind: 'ENTRA', roleRules: admin('roles', 'Gatehouse.Admin') },
    },
    claims: { oid: '5c1f0e0a', tid: tenant, roles: ['Gatehouse.Admin'], groups: ['sre'] },
    teams: ['sre'],
  },
  {
    kind: 'KEYCLOAK',
    options: {
      path: '/realms/acme',
      provider: {
        kind: 'KEYCLOAK',
        roleRules: admin('realm_access.roles', 'gatehouse-admin'),
        teamRules: [{ claim: 'groups', value: '/platform/sre', team: 'sre' }],
      },
    },
    claims: {
      realm_access: { roles: ['offline_access', 'uma_authorization', 'gatehouse-admin'] },
      groups: ['/platform/sre', '/everybody'],
    },
    teams: ['sre'],
  },
  {
    kind: 'ZITADEL',
    options: {
      provider: {
        kind: 'ZITADEL',
        roleRules: admin(zitadelRoles, 'admin'),
        teamRules: [{ claim: zitadelRoles, value: 'sre', team: '*' }],
      },
    },
    claims: {
      [zitadelRoles]: { admin: { '2301': 'acme.zitadel.cloud' }, sre: { '2301': 'acme.zitadel.cloud' } },
    },
    teams: ['sre'],
  },
  {
    kind: 'GOOGLE_WORKSPACE',
    options: {
      provider: {
        kind: 'GOOGLE_WORKSPACE',
        hostedDomain: 'example.com',
        roleRules: admin('email', 'ann@example.com'),
        teamRules: [],
      },
    },
    claims: { hd: 'example.com', email: 'ann@example.com', email_verified: true },
    teams: [],
  },
]

describe.each(shapes)('$kind', ({ kind, options, claims, teams }) => {
  it('signs people in with the role and the teams of its claims, once for each person', async () => {
    const setup = await startSignIn(options)
    try {
      setup.identityProvider.people.set('ann', { name: 'Ann', ...claims })
      const { browser, page } = await setup.signIn('ann')
      const { data } = await setup.ask(browser, viewerQuery)
      expect(data, page).not.toBeNull()
      const viewer = read<ViewerAnswer>(data, 'viewer')
      expect(viewer).toMatchObject({ name: 'Ann', role: { name: 'admin' } })
      expect(viewer.user.memberships.edges.map(({ node }) => node.team.name).sort()).toEqual(teams)
      const again = await setup.ask((await setup.signIn('ann')).browser, viewerQuery)
      expect(read<ViewerAnswer>(again.data, 'viewer').user.id).toBe(viewer.user.id)
      if (kind === 'GOOGLE_WORKSPACE') {
        for (const hd of [undefined, 'evil.example', 'example.com.evil.example']) {
          setup.identityProvider.people.set('stranger', { ...claims, hd })
          expect((await setup.signIn('stranger')).page).toContain('hosted_domain_mismatch')
        }
      }
      if (kind === 'ENTRA') {
        setup.identityProvider.people.set('stranger', {
          ...claims,
          tid: '9188040d-6c67-4c5b-b112-36a304b66dad',
        })
        expect((await setup.signIn('stranger')).status).toBe(400)
      }
    } finally {
      await setup.close()
    }
  })
})
