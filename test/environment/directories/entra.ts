import { type DirectoryApi, groupId, groupWithId, pageOf } from './directory-server.ts'

const token = 'a-token-of-the-tenant'
const servicePrincipal = 'the-service-principal'

/** learn.microsoft.com/graph/api: `@odata.nextLink` is a whole URL with a skip token. */
export function entraApi(tenant: string, clientId: string, clientSecret: string): DirectoryApi {
  return ({ path, query, headers, origin, body }, population) => {
    if (path === `/${tenant}/oauth2/v2.0/token`) {
      const form = new URLSearchParams(body)
      const isKnown = form.get('client_id') === clientId && form.get('client_secret') === clientSecret
      if (!isKnown || !form.get('scope')?.endsWith('/.default'))
        return { status: 401, body: { error: 'invalid_client' } }
      return { body: { access_token: token, expires_in: 3_599, token_type: 'Bearer' } }
    }
    if (headers.authorization !== `Bearer ${token}`)
      return { status: 401, body: { error: { code: 'InvalidAuthenticationToken' } } }
    const answer = <T>(all: Iterable<T>, present: (row: T) => unknown) => {
      const { rows, next } = pageOf(
        all,
        Number(query.get('$skiptoken') ?? 0),
        Number(query.get('$top') ?? 100),
      )
      const rest = new URLSearchParams(query)
      rest.set('$skiptoken', String(next))
      return {
        body: {
          ...(next !== null && { '@odata.nextLink': `${origin}${path}?${rest}` }),
          value: rows.map(present),
        },
      }
    }
    const { people, groups } = population
    if (path === '/v1.0/users') {
      return answer(people, ([id, { name, email, active }]) => ({
        ...{ id, displayName: name, mail: email, userPrincipalName: email, accountEnabled: active },
      }))
    }
    if (path === '/v1.0/groups')
      return answer(groups.keys(), (displayName) => ({ id: groupId(displayName), displayName }))
    const roles = [...new Set([...people.values()].flatMap(({ roles = [] }) => roles))]
    if (path === `/v1.0/servicePrincipals(appId='${clientId}')`) {
      return {
        body: {
          id: servicePrincipal,
          appRoles: roles.map((value) => ({ id: `role-${value}`, value, isEnabled: true })),
        },
      }
    }
    if (path === `/v1.0/servicePrincipals/${servicePrincipal}/appRoleAssignedTo`) {
      const assigned = [...people].flatMap(([principalId, { roles = [] }]) =>
        roles.map((role) => ({ principalId, principalType: 'User', appRoleId: `role-${role}` })),
      )
      return answer(assigned, (row) => row)
    }
    const found = groupWithId(
      population,
      /^\/v1\.0\/groups\/([^/]+)\/(?:transitiveM|m)embers$/.exec(path)?.[1],
    )
    if (!found) return undefined
    const members = [
      ...[...found[1]].map((id) => ['#microsoft.graph.user', id]),
      ['#microsoft.graph.device', 'a-laptop'],
    ]
    return answer(members, ([type, id]) => ({ '@odata.type': type, id }))
  }
}
