import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { Gatehouse } from './gatehouse.ts'
import type { Glewlwyd, Person } from './glewlwyd.ts'
import { answerFor, providerName, signIn, type Viewer, viewerOf } from './sign-in.ts'
import { Visitor } from './visitor.ts'

export interface Parties {
  readonly gatehouse: Gatehouse
  readonly provider: Glewlwyd
}

export interface Step {
  readonly name: string
  /** @returns what was seen; throws when it is not as it should be */
  run(parties: Parties): Promise<string>
}

const ann: Person = {
  ...{ username: 'ann', password: 'a password of ann', name: 'Ann Jensen', email: 'ann@example.com' },
  groups: ['gatehouse-admins', 'sre'],
}
const ben: Person = {
  ...{ username: 'ben', password: 'a password of ben', name: 'Ben Okri', email: 'ben@example.com' },
  groups: ['everybody'],
}

/** Sessions are checked when they are a minute old, and looked at every 15 s. */
const checkLimitMs = 120_000
/** So long no key is asked for again, whatever tokens name. */
const keyCooldownMs = 31_000

const teamsOf = (viewer: Viewer) => viewer.user.memberships.edges.map(({ node }) => node.team.name).toSorted()

/** What one step leaves to the next. */
interface Scene {
  providerId: string
  annUserId: string
  readonly visitors: Map<string, Visitor>
}

export function stepsOf(): readonly Step[] {
  const scene: Scene = { providerId: '', annUserId: '', visitors: new Map() }
  const visitorOf = ({ username }: Person) => scene.visitors.get(username) ?? new Visitor()
  const come = async ({ gatehouse, provider }: Parties, person: Person) => {
    const visitor = await signIn(gatehouse, provider, person)
    scene.visitors.set(person.username, visitor)
    const viewer = await viewerOf(gatehouse, visitor)
    ok(viewer, 'nobody is signed in')
    return viewer
  }
  return [
    {
      name: 'create the provider, which maps groups to roles and teams',
      run: async ({ gatehouse, provider }) => {
        await provider.describe(ann)
        await provider.describe(ben)
        scene.providerId = await createProvider(gatehouse, provider)
        return scene.providerId
      },
    },
    {
      name: 'verify it: discovery, keys, client authentication',
      run: async ({ gatehouse }) => {
        const { checks, ok: isVerified } = await verify(gatehouse, scene.providerId)
        const told = checks.map(({ name, message }) => `${name}: ${message}`).join('; ')
        ok(isVerified, told)
        return told
      },
    },
    {
      name: 'refuse a client secret that the provider does not know',
      run: async ({ gatehouse, provider }) => {
        const { clientSecret } = provider
        await changeSecret(gatehouse, scene.providerId, 'not the secret')
        const { checks, ok: isVerified } = await verify(gatehouse, scene.providerId)
        equal(isVerified, false)
        await changeSecret(gatehouse, scene.providerId, clientSecret)
        ok((await verify(gatehouse, scene.providerId)).ok)
        return checks.find(({ name }) => name === 'CLIENT_AUTH')?.message ?? ''
      },
    },
    {
      name: 'enable it',
      run: async ({ gatehouse }) => {
        await gatehouse.ask(
          `mutation ($id: ID!) { setIdentityProviderEnabled(input: {id: $id, enabled: true}) {
            ... on IdentityProvider { enabled } ... on Refusal { code message } } }`,
          { id: scene.providerId },
        )
        return 'people may sign in'
      },
    },
    {
      name: 'sign in with PKCE, state, nonce and the issuer’s name; the user is made, with role and teams',
      run: async (parties) => {
        const visitor = new Visitor()
        const { asked, answer } = await answerFor(parties.gatehouse, parties.provider, ann, visitor)
        equal(asked.searchParams.get('code_challenge_method'), 'S256')
        equal(answer.searchParams.get('state'), asked.searchParams.get('state'))
        equal(answer.searchParams.get('iss'), parties.provider.issuer)
        await visitor.redirect(answer.href)
        scene.visitors.set(ann.username, visitor)
        const viewer = await viewerOf(parties.gatehouse, visitor)
        ok(viewer, 'nobody is signed in')
        deepStrictEqual([viewer.name, viewer.role.name, teamsOf(viewer)], [ann.name, 'admin', ['sre']])
        scene.annUserId = viewer.user.id
        const again = await visitor.request(answer.href)
        equal(again.status, 400, 'the answer was taken twice')
        return `${viewer.name} is ${viewer.role.name}, of ${teamsOf(viewer).join(', ')}`
      },
    },
    {
      name: 'refuse an answer that was changed',
      run: async ({ gatehouse, provider }) => {
        for (const name of ['state', 'iss', 'code']) {
          const visitor = new Visitor()
          const { answer } = await answerFor(gatehouse, provider, ben, visitor)
          answer.searchParams.set(name, 'x'.repeat(40))
          equal((await visitor.request(answer.href)).status, 400, name)
          equal(await viewerOf(gatehouse, visitor), undefined, name)
        }
        return 'state, iss, code'
      },
    },
    {
      name: 'refresh: within one check the session is confirmed by its refresh token, which is exchanged',
      run: async (parties) => {
        const before = parties.provider.refreshTokens()
        await within(checkLimitMs, 'no refresh token was used', async () =>
          parties.provider.refreshTokens() > before ? true : undefined,
        )
        ok(await viewerOf(parties.gatehouse, visitorOf(ann)), 'the session is over')
        return 'the session goes on'
      },
    },
    {
      // A refresh of glewlwyd brings no ID token: its userinfo tells.
      name: 'a role and a team that the provider took back are gone within one check',
      run: async (parties) => {
        await parties.provider.describe({ ...ann, groups: ['everybody'] })
        const viewer = await within(checkLimitMs, 'the role is still there', async () => {
          const now = await viewerOf(parties.gatehouse, visitorOf(ann))
          return now?.role.name === 'admin' ? undefined : now
        })
        deepStrictEqual([viewer.role.name, teamsOf(viewer)], ['viewer', []])
        equal(viewer.user.id, scene.annUserId)
        return `${viewer.name} is ${viewer.role.name}, of no team`
      },
    },
    {
      name: 'sign in by a new signing key, as the same user',
      run: async (parties) => {
        await parties.provider.rotateKey()
        await delay(keyCooldownMs)
        const viewer = await come(parties, ann)
        equal(viewer.user.id, scene.annUserId)
        return `${viewer.name} is ${viewer.user.id}`
      },
    },
    {
      name: 'sign out, at the provider too',
      run: async ({ gatehouse, provider }) => {
        const visitor = visitorOf(ann)
        const headers = { origin: gatehouse.url }
        const out = await visitor.request(`${gatehouse.url}/auth/logout`, { method: 'POST', headers })
        const { endSessionUrl } = (await out.json()) as { endSessionUrl: string | null }
        ok(endSessionUrl?.startsWith(new URL(provider.issuer).origin), String(endSessionUrl))
        equal(await viewerOf(gatehouse, visitor), undefined)
        const asked = new URL(endSessionUrl ?? '').searchParams
        ok(asked.has('id_token_hint') && asked.has('post_logout_redirect_uri'))
        const location = new URL(await visitor.redirect(endSessionUrl ?? ''))
        ok(location.pathname.includes('login.html'), location.href)
        return 'the provider asks whether its session is to end'
      },
    },
    {
      // Draft 06 of the standard, which glewlwyd speaks, has logout tokens without `exp`: the final one demands it.
      name: 'refuse a logout token of a draft, which never ends',
      run: async (parties) => {
        await come(parties, ben)
        await parties.provider.endSessionOf(visitorOf(ben))
        await within(10_000, 'no logout token was refused', async () =>
          /backchannel_logout response for client gatehouse, response status 400/.test(parties.provider.log())
            ? true
            : undefined,
        )
        ok(await viewerOf(parties.gatehouse, visitorOf(ben)), 'the session is over')
        return 'the session goes on'
      },
    },
    {
      // Whom it disables glewlwyd goes on giving tokens to: only that they are gone is told by a refresh.
      name: 'a person who is gone is signed out within one check',
      run: async (parties) => {
        await come(parties, ben)
        await parties.provider.remove(ben.username)
        await within(checkLimitMs, 'the session goes on', async () =>
          (await viewerOf(parties.gatehouse, visitorOf(ben))) === undefined ? true : undefined,
        )
        return endReason(parties.gatehouse)
      },
    },
  ]
}

interface Verification {
  readonly ok: boolean
  readonly checks: readonly { readonly name: string; readonly message: string }[]
}

function verify(gatehouse: Gatehouse, id: string): Promise<Verification> {
  return gatehouse.ask(
    `mutation ($id: ID!) { verifyIdentityProvider(input: {id: $id}) {
      ... on IdentityProviderVerification { ok checks { name ok message } } ... on Refusal { code message } } }`,
    { id },
  )
}

async function changeSecret(gatehouse: Gatehouse, id: string, clientSecret: string): Promise<void> {
  await gatehouse.ask(
    `mutation ($input: UpdateIdentityProviderInput!) { updateIdentityProvider(input: $input) {
      ... on IdentityProvider { id } ... on Refusal { code message } } }`,
    { input: { id, clientSecret } },
  )
}

async function createProvider(gatehouse: Gatehouse, provider: Glewlwyd): Promise<string> {
  const { issuer, clientId, clientSecret } = provider
  const workspaces = await gatehouse.ask<{ edges: { node: { id: string } }[] }>(
    '{ workspaces { edges { node { id } } } }',
  )
  const { id } = await gatehouse.ask<{ id: string }>(
    `mutation ($input: CreateIdentityProviderInput!) { createIdentityProvider(input: $input) {
      ... on IdentityProvider { id callbackUrl } ... on Refusal { code message } } }`,
    {
      input: {
        ...{
          name: providerName,
          kind: 'OIDC',
          issuer,
          clientId,
          clientSecret,
          trustedNetworks: ['127.0.0.0/8'],
        },
        roleRules: [
          { claim: 'groups', value: 'gatehouse-admins', roleId: 'role_admin' },
          { claim: 'groups', value: 'everybody', roleId: 'role_viewer' },
        ],
        teamRules: [{ claim: 'groups', value: 'sre', team: '*' }],
        teamWorkspaceId: workspaces.edges[0]?.node.id,
      },
    },
  )
  return id
}

/** Why Gatehouse ended a session last. */
async function endReason(gatehouse: Gatehouse): Promise<string> {
  const { edges } = await gatehouse.ask<{ edges: { node: { details: { reason: string } } }[] }>(
    '{ auditEvents(filter: {type: "session.ended"}) { edges { node { details } } } }',
  )
  return edges[0]?.node.details.reason ?? 'no reason is on record'
}

async function within<T>(limitMs: number, otherwise: string, look: () => Promise<T | undefined>): Promise<T> {
  const giveUpAt = performance.now() + limitMs
  while (performance.now() < giveUpAt) {
    const found = await look()
    if (found !== undefined) return found
    await delay(1_000)
  }
  throw new Error(`${otherwise} after ${limitMs / 1_000} s`)
}
