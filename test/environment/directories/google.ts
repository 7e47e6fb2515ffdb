import { createVerify, type KeyObject } from 'node:crypto'
import { type DirectoryApi, groupId, groupWithId, pageOf } from './directory-server.ts'

const token = 'a-token-of-the-domain'

export interface ServiceAccount {
  readonly email: string
  readonly publicKey: KeyObject
  /** In whose name it may ask. */
  readonly adminEmail: string
}

/** developers.google.com/workspace/admin/directory: a service account's signed assertion, `pageToken`, empty lists left out. */
export function googleApi(account: ServiceAccount): DirectoryApi {
  return ({ path, query, headers, body, origin }, population) => {
    if (path === '/token') {
      const form = new URLSearchParams(body)
      const isGrant = form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer'
      if (!isGrant || !isAssertion(form.get('assertion') ?? '', account, `${origin}/token`)) {
        return { status: 400, body: { error: 'invalid_grant' } }
      }
      return { body: { access_token: token, expires_in: 3_599, token_type: 'Bearer' } }
    }
    if (headers.authorization !== `Bearer ${token}`) return { status: 401, body: { error: { code: 401 } } }
    const answer = <T>(name: string, all: Iterable<T>, present: (row: T) => unknown) => {
      const { rows, next } = pageOf(
        all,
        Number(query.get('pageToken') ?? 0),
        Number(query.get('maxResults') ?? 100),
      )
      return {
        body: {
          ...(rows.length > 0 && { [name]: rows.map(present) }),
          ...(next !== null && { nextPageToken: String(next) }),
        },
      }
    }
    const { people, groups } = population
    const at = path.replace(/^\/admin\/directory\/v1/, '')
    if (at === '/users') {
      return answer('users', people, ([id, { name, email, active }]) => ({
        ...{ id, primaryEmail: email, name: { fullName: name }, suspended: !active, archived: false },
      }))
    }
    if (at === '/groups')
      return answer('groups', groups.keys(), (email) => ({ id: groupId(email), email, name: email }))
    const found = groupWithId(population, /^\/groups\/([^/]+)\/members$/.exec(at)?.[1])
    if (!found) return undefined
    const members = [
      ...[...found[1]].map((id) => ({ id, type: 'USER', status: 'ACTIVE' })),
      { id: 'inner', type: 'GROUP' },
    ]
    return answer('members', members, (member) => member)
  }
}

function isAssertion(
  assertion: string,
  { email, publicKey, adminEmail }: ServiceAccount,
  audience: string,
): boolean {
  const [header = '', payload = '', signature = ''] = assertion.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
  const verifier = createVerify('RSA-SHA256').update(`${header}.${payload}`)
  const isSigned = verifier.verify(publicKey, Buffer.from(signature, 'base64url'))
  const scopes = String(claims.scope).split(' ')
  const isReadOnly =
    scopes.length > 0 && scopes.every((scope) => /admin\.directory\..*\.readonly$/.test(scope))
  return (
    isSigned && isReadOnly && claims.iss === email && claims.sub === adminEmail && claims.aud === audience
  )
}
