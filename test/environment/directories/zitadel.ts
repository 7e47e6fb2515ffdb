import { type DirectoryApi, pageOf } from './directory-server.ts'

interface Search {
  readonly query?: { readonly offset?: string; readonly limit?: number }
  readonly queries?: readonly {
    readonly projectIdQuery?: { readonly projectId?: string }
    readonly userIdQuery?: { readonly userId?: string }
    readonly inUserIdsQuery?: { readonly userIds?: readonly string[] }
  }[]
}

/** zitadel.com/docs/apis: searches are posted; numbers of 64 bits are texts, and empty lists left out. */
export function zitadelApi(token: string, projectId: string): DirectoryApi {
  return ({ method, path, headers, body }, { people }) => {
    if (headers.authorization !== `Bearer ${token}`) return { status: 401, body: { code: 16 } }
    if (method !== 'POST') return { status: 405 }
    const { query, queries = [] } = JSON.parse(body) as Search
    const answer = <T>(all: readonly T[], present: (row: T) => unknown) => {
      const { rows } = pageOf(all, Number(query?.offset ?? 0), Math.min(Number(query?.limit ?? 100), 1_000))
      const details = { totalResult: String(all.length), timestamp: new Date(0).toISOString() }
      return { body: { details, ...(rows.length > 0 && { result: rows.map(present) }) } }
    }
    if (path === '/v2/users') {
      const [ids] = queries.flatMap(({ inUserIdsQuery }) => inUserIdsQuery ?? [])
      const found = [...people].filter(([id]) => ids?.userIds?.includes(id) ?? true)
      return answer(found, ([userId, { name, email, active }]) => ({
        ...{ userId, state: active ? 'USER_STATE_ACTIVE' : 'USER_STATE_INACTIVE', username: email },
        human: { profile: { displayName: name }, email: { email, isVerified: true } },
      }))
    }
    if (path !== '/management/v1/users/grants/_search') return undefined
    const asked = queries.flatMap(({ projectIdQuery }) => projectIdQuery?.projectId ?? [])
    const [of] = queries.flatMap(({ userIdQuery }) => userIdQuery?.userId ?? [])
    const granted = asked.includes(projectId)
      ? [...people].filter(([id, { roles = [] }]) => roles.length > 0 && (of === undefined || of === id))
      : []
    return answer(granted, ([userId, { roles }]) => ({
      ...{ id: `grant-${userId}`, userId, projectId, roleKeys: roles, state: 'USER_GRANT_STATE_ACTIVE' },
    }))
  }
}
