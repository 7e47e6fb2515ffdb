import { type DirectoryApi, groupId, groupWithId, pageOf } from './directory-server.ts'

/** developer.okta.com/docs/api: `Authorization: SSWS`, `Link: <…?after=…>; rel="next"`. */
export function oktaApi(token: string): DirectoryApi {
  return ({ path, query, headers, origin }, population) => {
    if (headers.authorization !== `SSWS ${token}`) return { status: 401, body: { errorCode: 'E0000011' } }
    const answer = <T>(all: Iterable<T>, present: (row: T) => unknown) => {
      const { rows, next } = pageOf(
        all,
        Number(query.get('after') ?? 0),
        Math.min(Number(query.get('limit')), 200),
      )
      const self = `<${origin}${path}?limit=${query.get('limit')}>; rel="self"`
      const link =
        next === null
          ? self
          : `${self}, <${origin}${path}?after=${next}&limit=${query.get('limit')}>; rel="next"`
      return { headers: { link }, body: rows.map(present) }
    }
    const presentUser = ([id, { name, email, active }]: [
      string,
      { name: string; email: string; active: boolean },
    ]) => ({
      id,
      status: active ? 'ACTIVE' : 'SUSPENDED',
      profile: {
        firstName: name.split(' ')[0],
        lastName: name.split(' ')[1] ?? null,
        displayName: name,
        email,
        login: email,
      },
    })
    if (path === '/api/v1/users') return answer(population.people, presentUser)
    if (path === '/api/v1/groups') {
      return answer(population.groups.keys(), (name) => ({
        id: groupId(name),
        type: 'OKTA_GROUP',
        profile: { name },
      }))
    }
    const group = groupWithId(population, /^\/api\/v1\/groups\/([^/]+)\/users$/.exec(path)?.[1])
    if (!group) return undefined
    return answer(
      [...population.people].filter(([id]) => group[1].has(id)),
      presentUser,
    )
  }
}
