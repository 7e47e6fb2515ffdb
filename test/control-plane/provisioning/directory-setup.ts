import { vi } from 'vitest'
import type { ControlPlane } from '../../../control-plane/app.ts'
import { IdentityProviderEntity } from '../../../control-plane/modules/identity-providers/index.ts'
import { reconcileDirectories } from '../../../control-plane/provisioning/directory-schedule.ts'
import { provisionUser } from '../../../control-plane/provisioning/provision-user.ts'
import type { Browser } from '../../environment/browser.ts'
import { type DirectoryServer, startDirectoryServer } from '../../environment/directories/directory-server.ts'
import { oktaApi } from '../../environment/directories/okta.ts'
import { read, type Tenant } from '../api.ts'
import { nodesOf, type SignInOptions, type SignInSetup, startSignIn, viewerQuery } from '../http/signed-in.ts'

export interface Run {
  readonly id: string
  readonly trigger: string
  readonly state: string
  readonly seen: number
  readonly created: number
  readonly updated: number
  readonly decommissioned: number
  readonly skipped: number
  readonly errors: number
  readonly leaving: number | null
  readonly message: string | null
}

/** Who is in a directory, to be changed. */
export interface Populating {
  /** In the directory, with these groups; in place of what they were. */
  put(id: string, groups: readonly string[], changes?: { active?: boolean; email?: string }): void
  remove(id: string): void
}

export interface DirectorySetup extends SignInSetup, Populating {
  readonly directory: DirectoryServer
  /** One more control plane on the same database. */
  readonly other: ControlPlane
  /** Somebody whom the provider is known for, as after a sign-in. @returns the user's id */
  know(id: string, groups: readonly string[]): Promise<string>
  /** Does what is due on one control plane, or on several at once. */
  reconcile(...planes: readonly ControlPlane[]): Promise<void>
  /** How often a list of people is begun meanwhile. */
  readsOf(work: () => Promise<unknown>): Promise<number>
  /** Somebody of the directory, in a browser of theirs. */
  signInAs(id: string, groups: readonly string[]): Promise<Browser>
  /** Of what the browser asks as its session. */
  statusOf(browser: Browser): Promise<number>
  /** Asks for a reading. */
  sync(input?: object): Promise<Record<string, unknown>>
  /** Asks with the admin's token. */
  mutate(mutation: string, input: object, selection?: string): Promise<Record<string, unknown>>
  runs(): Promise<Run[]>
  lastRun(): Promise<Run>
  userOf(id: string): Promise<{ active: boolean; roles: string[]; teams: string[] }>
  sql(statement: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  /** Empties the directory, and the control plane knows nobody of it. */
  forgetEverybody(): Promise<void>
}

const runFields = 'id trigger state seen created updated decommissioned skipped errors leaving message'

/** A control plane whose own loop rests, an identity provider, and a directory of Okta's shape. */
export async function startReconciled(options: SignInOptions = {}): Promise<DirectorySetup> {
  const setup = await startSignIn({
    ...options,
    directoryIntervalMs: 86_400_000,
    provider: {
      roleRules: [
        { claim: 'groups', value: 'gatehouse-admins', roleId: 'role_admin' },
        { claim: 'groups', value: 'engineers', roleId: 'role_developer' },
        { claim: 'groups', value: 'readers', roleId: 'role_viewer' },
      ],
      teamRules: [{ claim: 'groups', value: '*', team: '*' }],
      ...options.provider,
    },
  })
  const directory = await startDirectoryServer(oktaApi('an-api-token'))
  const { api, tenant, providerId } = setup
  const sql: DirectorySetup['sql'] = (statement, values = []) =>
    api.controlPlane.database.transaction(tenant.organizationId, (em) => em.execute(statement, values))
  const mutate: DirectorySetup['mutate'] = async (mutation, input, selection = '') => {
    const inputType = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`
    const { data, errors } = await api.ask(
      tenant.token,
      `mutation ($input: ${inputType}!) { ${mutation}(input: $input) { __typename ${selection} ... on Refusal { code message } } }`,
      { input },
    )
    if (errors.length > 0) throw new Error(JSON.stringify(errors))
    return read(data, mutation)
  }
  const runs = () => readRuns(setup, tenant)
  const { put, remove } = populationOf(directory)
  const other = await api.startAnother()
  await mutate('setDirectory', { identityProviderId: providerId, url: directory.url, secret: 'an-api-token' })
  return {
    ...setup,
    ...{ directory, other, put, remove, mutate, runs, sql },
    async know(id, groups) {
      put(id, groups)
      const { services, database } = api.controlPlane
      const provider = await database.transaction(tenant.organizationId, (em) =>
        em.findOneOrFail(IdentityProviderEntity, { id: providerId }),
      )
      const claims = { name: `Person ${id}`, groups, email: `${id}@example.com` }
      return provisionUser(services, provider, { subject: id, claims })
    },
    async reconcile(...planes) {
      const all = planes.length > 0 ? planes : [api.controlPlane]
      await Promise.all(all.map(({ services }) => reconcileDirectories(services)))
    },
    async readsOf(work) {
      const lists = () => directory.requests.filter((one) => one.startsWith('GET /api/v1/users')).length
      const before = lists()
      await work()
      return lists() - before
    },
    async signInAs(id, groups) {
      put(id, groups)
      const login = setup.describePerson(id, { groups, email: `${id}@example.com` })
      return (await setup.signIn(login)).browser
    },
    statusOf: async (browser) => (await setup.ask(browser, viewerQuery)).status,
    sync: (input = {}) =>
      mutate(
        'syncDirectory',
        { identityProviderId: providerId, ...input },
        '... on DirectorySyncRun { id state }',
      ),
    async lastRun() {
      const [last] = await runs()
      if (!last) throw new Error('there is no run')
      return last
    },
    async userOf(id) {
      const [row] = await sql(
        `select person.active,
           coalesce((select jsonb_agg(role_id order by role_id) from role_assignments where user_id = person.id), '[]') as roles,
           coalesce((select jsonb_agg(team.name order by team.name) from memberships m join teams team on team.id = m.team_id
             where m.user_id = person.id), '[]') as teams
         from user_identities identity join users person on person.id = identity.user_id where identity.subject = ?`,
        [id],
      )
      return row as { active: boolean; roles: string[]; teams: string[] }
    },
    async forgetEverybody() {
      directory.behaviour.instead = null
      directory.people.clear()
      directory.groups.clear()
      await sql('delete from directory_sync_runs')
      await sql('update users set email = null')
      await sql('delete from user_identities')
    },
    async close() {
      await setup.close()
      await directory.close()
    },
  }
}

export function populationOf(directory: DirectoryServer): Populating {
  return {
    put(id, groups, { active = true, email = `${id}@example.com` } = {}) {
      directory.people.set(id, { name: `Person ${id}`, email, active })
      setGroups(directory, id, groups)
    },
    remove(id) {
      directory.people.delete(id)
      setGroups(directory, id, [])
    },
  }
}

function setGroups({ groups }: DirectoryServer, id: string, names: readonly string[]): void {
  for (const name of names) if (!groups.has(name)) groups.set(name, new Set())
  for (const [name, members] of groups) {
    const others = [...members].filter((member) => member !== id)
    groups.set(name, new Set(names.includes(name) ? [...others, id] : others))
  }
}

async function readRuns({ api, providerId }: SignInSetup, { token }: Tenant): Promise<Run[]> {
  const query = `query ($id: ID!) { directorySyncRuns(identityProviderId: $id, first: 50) { edges { node { ${runFields} } } } }`
  return nodesOf((await api.ask(token, query, { id: providerId })).data, 'directorySyncRuns')
}

/** Both sides' clock. */
export const pass = (ms: number) => vi.setSystemTime(Date.now() + ms)
