import { type DirectoryApi, groupId, groupWithId, pageOf } from './directory-server.ts'

const realm = '/realms/acme'
const token = 'a-token-of-the-realm'

/** keycloak.org/docs-api: `first` and `max`; groups below a group are asked for, since version 23. */
export function keycloakApi(clientId: string, clientSecret: string): DirectoryApi {
  return ({ path, query, headers, body }, population) => {
    if (path === `${realm}/protocol/openid-connect/token`) {
      const form = new URLSearchParams(body)
      const isKnown = form.get('client_id') === clientId && form.get('client_secret') === clientSecret
      if (form.get('grant_type') !== 'client_credentials' || !isKnown)
        return { status: 401, body: { error: 'unauthorized_client' } }
      return { body: { access_token: token, expires_in: 300, token_type: 'Bearer' } }
    }
    if (headers.authorization !== `Bearer ${token}`)
      return { status: 401, body: { error: 'HTTP 401 Unauthorized' } }
    const at = path.startsWith(`/admin${realm}`) ? path.slice(`/admin${realm}`.length) : ''
    const page = <T>(all: Iterable<T>, present: (row: T) => unknown) => ({
      body: pageOf(all, Number(query.get('first') ?? 0), Number(query.get('max') ?? 100)).rows.map(present),
    })
    const user = ([id, { name, email, active }]: [
      string,
      { name: string; email: string; active: boolean },
    ]) => ({
      ...{ id, username: email, firstName: name.split(' ')[0], lastName: name.split(' ')[1] ?? null },
      ...{ email, emailVerified: true, enabled: active },
    })
    // A group's path is its name here: "/platform/sre" is below "/platform".
    const group = (path: string) => {
      const name = path.slice(path.lastIndexOf('/') + 1)
      const subGroupCount = [...population.groups.keys()].filter((other) => parentOf(other) === path).length
      return { id: groupId(path), name, path, subGroupCount, subGroups: [] }
    }
    const one = /^\/users\/([^/]+)$/.exec(at)?.[1] ?? ''
    const person = population.people.get(one)
    if (person) return { body: user([one, person]) }
    if (at === '' || at === '/') return { body: { id: 'the-realm', realm: 'acme', enabled: true } }
    if (at === '/users/profile') return { body: { attributes: [], groups: [] } }
    if (at === '/users') return page(population.people, user)
    if (at === '/users/count') return { body: population.people.size }
    if (at === '/groups')
      return page(
        [...population.groups.keys()].filter((name) => parentOf(name) === ''),
        group,
      )
    const roles = /^\/users\/([^/]+)\/role-mappings\/realm\/composite$/.exec(at)?.[1]
    if (roles !== undefined) {
      const of = population.people.get(roles)
      if (!of) return { status: 404, body: { error: 'User not found' } }
      return {
        body: (of.roles ?? []).map((name) => ({
          id: `role-${name}`,
          name,
          composite: false,
        })),
      }
    }
    const [, id, what] = /^\/groups\/([^/]+)(?:\/(members|children))?$/.exec(at) ?? []
    const found = groupWithId(population, id)
    if (!found) return undefined
    if (what === undefined) return { body: group(found[0]) }
    if (what === 'children')
      return page(
        [...population.groups.keys()].filter((name) => parentOf(name) === found[0]),
        group,
      )
    return page(
      [...population.people].filter(([id]) => found[1].has(id)),
      user,
    )
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0))
}
