import { afterEach, describe, expect, it } from 'vitest'
import type { DirectoryFailed, Step } from '../../../control-plane/directory/directory.ts'
import { openDirectory } from '../../../control-plane/directory/open.ts'
import { type DirectoryServer, groupId } from '../../environment/directories/directory-server.ts'
import {
  type DirectoryKindName,
  directoryKinds,
  readAll,
  settingsFor,
  startDirectory,
} from './directory-setup.ts'

const kinds = Object.keys(directoryKinds) as DirectoryKindName[]
const groupOf = {
  okta: 'gatehouse-admins',
  entra: 'Admins',
  keycloak: '/platform/sre',
  google_workspace: 'sre@example.com',
}
let server: DirectoryServer

afterEach(() => server.close())

async function start(kind: DirectoryKindName, people = 3): Promise<void> {
  server = await startDirectory(kind)
  for (let at = 0; at < people; at += 1) {
    const id = `person-${String(at).padStart(5, '0')}`
    const roles = at === 0 ? ['admin', 'other'] : []
    server.people.set(id, { name: `Person ${at}`, email: `p${at}@example.com`, active: at !== 1, roles })
  }
}

function addGroup(name: string, ...members: number[]): void {
  server.groups.set(name, new Set(members.map((at) => `person-${String(at).padStart(5, '0')}`)))
}

/** The value by which a rule names the group. */
function ruleValue(kind: Exclude<DirectoryKindName, 'zitadel'>): string {
  return kind === 'entra' ? groupId(groupOf.entra) : groupOf[kind]
}

describe('the directory of', () => {
  it.each(kinds)('%s tells everybody, who is active, and their address', async (kind) => {
    await start(kind, 1_203)
    const { people } = await readAll(settingsFor(kind, server, []))
    expect(people).toHaveLength(1_203)
    expect(new Set(people.map(({ subject }) => subject))).toEqual(new Set(server.people.keys()))
    expect(people.filter(({ active }) => !active).map(({ subject }) => subject)).toEqual(['person-00001'])
    const first = people.find(({ subject }) => subject === 'person-00000')
    expect(first).toEqual({
      subject: 'person-00000',
      active: true,
      name: 'Person 0',
      email: 'p0@example.com',
      claims: {},
    })
  })

  it.each(['okta', 'entra', 'keycloak', 'google_workspace'] as const)(
    '%s tells who is in the groups that rules name, page by page, and of no others',
    async (kind) => {
      await start(kind, 1_400)
      if (kind === 'keycloak') addGroup('/platform', 1, 2)
      addGroup(groupOf[kind], ...Array.from({ length: 1_300 }, (_, at) => at))
      addGroup('nobody-asks', 0, 1)
      const value = ruleValue(kind)
      const { values, claims } = await readAll(settingsFor(kind, server, [{ claim: 'groups', value }]))
      expect(claims).toEqual(['groups'])
      expect(new Set(values.map((one) => one.value))).toEqual(new Set([value]))
      expect(values).toHaveLength(1_300)
      expect(server.requests.filter((request) => request.includes(groupId('nobody-asks')))).toEqual([])
    },
  )

  it('entra tells groups by their names where a rule has one', async () => {
    await start('entra')
    addGroup('Admins', 0)
    const { values } = await readAll(settingsFor('entra', server, [{ claim: 'groups', value: 'admins' }]))
    expect(values).toEqual([{ subject: 'person-00000', claim: 'groups', value: 'Admins' }])
  })

  it('entra tells the roles of the application', async () => {
    await start('entra')
    const { values, claims } = await readAll(
      settingsFor('entra', server, [{ claim: 'roles', value: 'admin' }]),
    )
    expect(claims).toEqual(['roles'])
    expect(values).toEqual([{ subject: 'person-00000', claim: 'roles', value: 'admin' }])
  })

  it('keycloak tells roles of the realm, and how many people there are', async () => {
    await start('keycloak')
    const rule = { claim: 'realm_access.roles', value: 'admin' }
    const { values, expected } = await readAll(settingsFor('keycloak', server, [rule]))
    expect(values).toEqual([{ subject: 'person-00000', claim: 'realm_access.roles', value: 'admin' }])
    expect(expected).toBe(3)
  })

  it('zitadel tells roles of the project that is named, and of no other', async () => {
    await start('zitadel')
    const rules = [{ claim: 'urn:zitadel:iam:org:project:roles', value: 'admin' }]
    const { values, expected } = await readAll(settingsFor('zitadel', server, rules))
    expect(values).toEqual([
      { subject: 'person-00000', claim: 'urn:zitadel:iam:org:project:roles', value: 'admin' },
    ])
    expect(expected).toBe(3)
    const other = await readAll(settingsFor('zitadel', server, rules, { projectId: '4712' }))
    expect(other.values).toEqual([])
    const none = await readAll(settingsFor('zitadel', server, rules, { projectId: null }))
    expect(none.claims).toEqual([])
  })

  it('keycloak tells everybody in a group though others leave it while it is read', async () => {
    await start('keycloak', 1_400)
    const members = Array.from({ length: 1_300 }, (_, at) => at)
    addGroup('/platform/sre', ...members)
    addGroup('/platform')
    let isFirst = true
    server.behaviour.instead = ({ path, query }) => {
      if (!path.endsWith('/members') || query.get('first') === '0' || !isFirst) return undefined
      isFirst = false
      addGroup('/platform/sre', ...members.slice(1))
      return undefined
    }
    const { values } = await readAll(
      settingsFor('keycloak', server, [{ claim: 'groups', value: '/platform/sre' }]),
    )
    expect(new Set(values.map(({ subject }) => subject)).size).toBe(1_300)
  })

  it('keycloak is given up where a group changes faster than it can be read', async () => {
    await start('keycloak', 1_400)
    const members = Array.from({ length: 1_300 }, (_, at) => at)
    addGroup('/platform', ...members)
    server.behaviour.instead = ({ path, query }) => {
      if (!path.endsWith('/members') || query.get('first') === '0') return undefined
      members.shift()
      addGroup('/platform', ...members)
      return undefined
    }
    const reading = readAll(settingsFor('keycloak', server, [{ claim: 'groups', value: '/platform' }]))
    await expect(reading).rejects.toMatchObject({ code: 'malformed' })
  })

  it.each(['count', 'profile', '..', '.', 'a/b', 'person-00000?x', 'PERSON-00000'])(
    'keycloak has nobody under the id "%s", whatever it answers there',
    async (subject) => {
      await start('keycloak')
      const directory = openDirectory(settingsFor('keycloak', server, []), Date.now)
      const lookUp = directory.lookUp?.([subject, 'person-00000']) as Step
      server.behaviour.instead = ({ path }) =>
        path.endsWith('/PERSON-00000') || path.endsWith('/a/b')
          ? { body: { id: 'person-00000', enabled: true } }
          : undefined
      const { people } = await directory.read(lookUp, new AbortController().signal)
      expect(people?.map((person) => person.subject)).toEqual(['person-00000'])
    },
  )

  it('keycloak tells as inactive whoever is deleted before their roles are asked for', async () => {
    await start('keycloak')
    server.behaviour.instead = ({ path }) => {
      if (path.includes('/role-mappings/')) server.people.delete('person-00002')
      return undefined
    }
    const { people, values } = await readAll(
      settingsFor('keycloak', server, [{ claim: 'realm_access.roles', value: 'admin' }]),
    )
    const inactive = people.filter(({ active }) => !active).map(({ subject }) => subject)
    expect(inactive).toEqual(['person-00001', 'person-00002'])
    expect(values).toHaveLength(1)
  })

  it('keycloak tells nobody of a group that is deleted before its members or groups are asked for', async () => {
    await start('keycloak')
    addGroup('/platform', 1)
    addGroup('/gone/inner', 2)
    addGroup('/gone', 0)
    server.behaviour.instead = ({ path }) => {
      if (path.endsWith('/members')) {
        server.groups.delete('/gone')
        server.groups.delete('/gone/inner')
      }
      return undefined
    }
    const { people, values } = await readAll(
      settingsFor('keycloak', server, [{ claim: 'groups', value: '*' }]),
    )
    expect(people).toHaveLength(3)
    expect(values).toEqual([{ subject: 'person-00001', claim: 'groups', value: '/platform' }])
  })

  it.each(['/role-mappings/realm/composite', '/members'])(
    'keycloak fails where it answers nothing at …%s of those whom it has',
    async (below) => {
      await start('keycloak')
      addGroup('/platform', 1)
      server.behaviour.instead = ({ path }) => (path.endsWith(below) ? { status: 404 } : undefined)
      const rules = ['groups', 'realm_access.roles'].map((claim) => ({ claim, value: '*' }))
      await expect(readAll(settingsFor('keycloak', server, rules))).rejects.toMatchObject({
        code: 'malformed',
      })
    },
  )

  it('leaves out groups whose names begin otherwise than it was told', async () => {
    await start('okta')
    addGroup('gatehouse-admins', 0)
    addGroup('Everyone', 0, 1, 2)
    const { values } = await readAll(
      settingsFor('okta', server, [{ claim: 'groups', value: '*' }], { groupPrefix: 'gatehouse-' }),
    )
    expect(values.map(({ value }) => value)).toEqual(['gatehouse-admins'])
  })
})

describe('reading a directory', () => {
  const failure = async () => {
    const error = await readAll(settingsFor('okta', server, [])).then(
      () => null,
      (error: unknown) => error as DirectoryFailed,
    )
    return error?.code
  }

  it('follows no next page to another address, where the credential would go too', async () => {
    await start('okta')
    const other = await startDirectory('okta')
    const link = `<${other.url}/api/v1/users?after=1>; rel="next"`
    server.behaviour.instead = () => ({ headers: { link }, body: [] })
    expect(await failure()).toBe('elsewhere')
    expect(other.requests).toEqual([])
    await other.close()
  })

  it('waits as long as the directory asks and goes on', async () => {
    await start('okta')
    let refusals = 3
    server.behaviour.instead = () =>
      refusals-- > 0 ? { status: refusals === 1 ? 503 : 429, headers: { 'retry-after': '0' } } : undefined
    expect(await failure()).toBeUndefined()
    expect(server.requests).toHaveLength(4)
  })

  it('gives up on one that never answers, and says so', async () => {
    await start('okta')
    server.behaviour.instead = () => ({ status: 429, headers: { 'retry-after': '0' } })
    expect(await failure()).toBe('unavailable')
    expect(server.requests).toHaveLength(5)
  })

  it.each([
    ['refused', { status: 401 }],
    ['refused', { status: 403 }],
    ['malformed', { status: 404 }],
    ['malformed', { body: { value: [] } }],
    ['malformed', { body: [{ id: '', profile: {} }] }],
    ['malformed', { body: [{ id: 'a\u0000b', profile: {} }] }],
    ['malformed', { body: [null] }],
  ])('fails as %s at %j', async (code, answer) => {
    await start('okta')
    server.behaviour.instead = () => answer
    expect(await failure()).toBe(code)
  })

  it('fails where an answer does not say whether somebody is active', async () => {
    await start('entra')
    server.behaviour.instead = ({ path }) =>
      path === '/v1.0/users' ? { body: { value: [{ id: 'x' }] } } : undefined
    await expect(readAll(settingsFor('entra', server, []))).rejects.toMatchObject({ code: 'malformed' })
  })

  it('asks for a new token when the one that it has is refused', async () => {
    await start('keycloak')
    let isRefused = true
    server.behaviour.instead = ({ path }) => {
      if (!path.startsWith('/admin') || !isRefused) return undefined
      isRefused = false
      return { status: 401 }
    }
    expect((await readAll(settingsFor('keycloak', server, []))).people).toHaveLength(3)
    expect(server.requests.filter((request) => request.startsWith('POST'))).toHaveLength(2)
  })

  it('reaches nothing private that is not named', async () => {
    await start('okta')
    const settings = settingsFor('okta', server, [])
    const provider = { ...settings.provider, trustedNetworks: [] }
    await expect(readAll({ ...settings, provider })).rejects.toMatchObject({ code: 'refused' })
    expect(server.requests).toEqual([])
  })

  it('ends when it is told to', async () => {
    await start('okta')
    server.behaviour.instead = () => ({ status: 503, headers: { 'retry-after': '20' } })
    const stopping = new AbortController()
    const reading = readAll(settingsFor('okta', server, []), stopping.signal)
    stopping.abort()
    await expect(reading).rejects.toThrow()
  })
})
