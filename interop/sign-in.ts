import type { Gatehouse } from './gatehouse.ts'
import { clientId, type Glewlwyd, type Person, scopes } from './glewlwyd.ts'
import { Visitor } from './visitor.ts'

export interface Viewer {
  readonly name: string
  readonly role: { readonly name: string }
  readonly user: {
    readonly id: string
    readonly email: string | null
    readonly memberships: {
      readonly edges: readonly { readonly node: { readonly team: { readonly name: string } } }[]
    }
  }
}

export const providerName = 'glewlwyd'

/** As far as the provider's answer, which is not taken to Gatehouse yet. */
export async function answerFor(
  { url, organizationId }: Gatehouse,
  { issuer }: Glewlwyd,
  { username, password }: Person,
  visitor: Visitor,
): Promise<{ readonly asked: URL; readonly answer: URL }> {
  const start = `${url}/auth/oidc/${providerName}/login?organization=${organizationId}`
  const asked = await visitor.redirect(start)
  // glewlwyd's pages are scripts: what they send is sent here, and the browser goes on to where it came from.
  await visitor.redirect(asked)
  const api = new URL('/api', issuer).href
  await visitor.json(`${api}/auth/`, { method: 'POST', body: { username, password } })
  const scope = ['openid', ...scopes].join(' ')
  await visitor.json(`${api}/auth/grant/${clientId}/`, { method: 'PUT', body: { scope } })
  return { asked: new URL(asked), answer: new URL(await visitor.redirect(`${asked}&g_continue`)) }
}

/** @returns a visitor who is signed in */
export async function signIn(gatehouse: Gatehouse, provider: Glewlwyd, person: Person): Promise<Visitor> {
  const visitor = new Visitor()
  const { answer } = await answerFor(gatehouse, provider, person, visitor)
  await visitor.redirect(answer.href)
  return visitor
}

/** Undefined for somebody who is not signed in. */
export async function viewerOf({ url }: Gatehouse, visitor: Visitor): Promise<Viewer | undefined> {
  const response = await visitor.request(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query:
        '{ viewer { name role { name } user { id email memberships { edges { node { team { name } } } } } } }',
    }),
  })
  if (response.status === 401) return undefined
  const { data, errors } = (await response.json()) as { data?: { viewer: Viewer }; errors?: unknown }
  if (!data) throw new Error(`Gatehouse does not say who signed in: ${JSON.stringify(errors)}`)
  return data.viewer
}
