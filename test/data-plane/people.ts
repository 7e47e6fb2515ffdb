import { systemActor } from '../../control-plane/actor.ts'
import { issueVirtualKey } from '../../control-plane/modules/virtual-keys/service.ts'
import { reconcileDirectories } from '../../control-plane/provisioning/directory-schedule.ts'
import { checkSessions } from '../../control-plane/provisioning/session-check.ts'
import { type Answer, read } from '../control-plane/api.ts'
import { type SignInApi, startProvider } from '../control-plane/http/signed-in.ts'
import { type Populating, populationOf } from '../control-plane/provisioning/directory-setup.ts'
import type { Browser } from '../environment/browser.ts'
import { startDirectoryServer } from '../environment/directories/directory-server.ts'
import { oktaApi } from '../environment/directories/okta.ts'
import { type Gateway, startGateway } from '../environment/gateway.ts'
import type { TestIdentityProvider } from '../environment/identity-provider.ts'
import { eventually } from '../transport/poll.ts'

export interface Person {
  readonly login: string
  readonly userId: string
  readonly browser: Browser
  /** Of a virtual key of their own. */
  readonly key: string
}

export interface PeopleSetup extends Populating {
  readonly gateway: Gateway
  readonly providerId: string
  readonly identityProvider: TestIdentityProvider
  /** Somebody with these groups in the directory, who has signed in, and has a virtual key. */
  signIn(login: string, groups: readonly string[]): Promise<Person>
  /** Has the identity provider say from now on that somebody has these groups. */
  describe(login: string, groups: readonly string[]): void
  /** An access token for data planes. */
  accessTokenOf(person: Person): Promise<string>
  /** Has every session confirmed, or ended, now. */
  check(): Promise<void>
  /** Has the directory followed now. @returns the run's state */
  reconcile(): Promise<string>
  /** Asks as the admin. @returns what is there afterwards */
  mutate<Result = { id: string }>(mutation: string, input: object, selection?: string): Promise<Result>
  /** The answer of every data plane to a call with this token or key: its status, and of a refusal what it says. */
  ask(credential: string): Promise<string[]>
  /** Waits until every data plane answers so. */
  untilAnswered(credential: string, answer: string | RegExp): Promise<void>
  stop(): Promise<void>
}

/** A whole Gatehouse with two data planes, whose people sign in at a real identity provider and are in its directory. */
export async function startWithPeople(): Promise<PeopleSetup> {
  const gateway = await startGateway({ dataPlanes: 2, directoryIntervalMs: 86_400_000 })
  const { organizationId, adminToken: token, controlPlane, dataPlanes } = gateway
  const { services } = controlPlane
  const api: SignInApi = {
    controlPlane,
    async ask(_token, query, variables = {}) {
      const { data = null, errors = [] } = await gateway.graphql(query, { ...variables })
      return { status: 200, data, errors: errors as Answer['errors'] }
    },
  }
  const [place] = await services.database.transaction(organizationId, (em) =>
    em.execute<{ workspaceId: string; providerId: string }[]>(
      'select t.workspace_id as "workspaceId", p.id as "providerId" from teams t, providers p limit 1',
    ),
  )
  if (!place) throw new Error('there is no workspace')
  const tenant = { organizationId, token, workspaceId: place.workspaceId }
  const signedIn = await startProvider(api, tenant, {
    provider: {
      roleRules: [
        { claim: 'groups', value: 'engineers', roleId: 'role_developer' },
        { claim: 'groups', value: 'readers', roleId: 'role_viewer' },
      ],
      teamRules: [],
    },
  })
  const directory = await startDirectoryServer(oktaApi('an-api-token'))
  const population = populationOf(directory)
  const { providerId, identityProvider } = signedIn

  const mutate: PeopleSetup['mutate'] = async (mutation, input, selection = '... on Node { id }') => {
    const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`
    const { data, errors } = await api.ask(
      token,
      `mutation ($input: ${type}!) { ${mutation}(input: $input) { __typename ${selection} ... on Refusal { code message } } }`,
      { input },
    )
    if (errors.length > 0) throw new Error(JSON.stringify(errors))
    return read(data, mutation)
  }
  await mutate('setDirectory', { identityProviderId: providerId, url: directory.url, secret: 'an-api-token' })

  const describe: PeopleSetup['describe'] = (login, groups) => {
    signedIn.describePerson(login, { groups, email: `${login}@example.com` })
  }
  const ask: PeopleSetup['ask'] = (credential) =>
    Promise.all(dataPlanes.map(({ url }) => answerOf(url, credential)))
  return {
    ...{ gateway, providerId, identityProvider, mutate, describe, ask, ...population },
    async signIn(login, groups) {
      population.put(login, groups)
      describe(login, groups)
      const { browser, page, status } = await signedIn.signIn(login)
      if (status !== 200) throw new Error(page)
      const { id: userId } = (await signedIn.viewerOf(browser)).user
      const { secret: key } = await issueVirtualKey(services, systemActor(organizationId), {
        ...{ workspaceId: place.workspaceId, owner: { userId }, name: `key of ${login}` },
        providerConfigs: [
          { providerId: place.providerId, weight: 1, allowedModels: ['*'], providerKeyIds: ['*'] },
        ],
      })
      await gateway.applied()
      return { login, userId, browser, key }
    },
    async accessTokenOf({ browser }) {
      const headers = { origin: controlPlane.url }
      const response = await browser.request(`${controlPlane.url}/auth/token`, { method: 'POST', headers })
      const { access_token: accessToken } = (await response.json()) as { access_token: string }
      await gateway.applied()
      return accessToken
    },
    check: () => checkSessions(services, { checkMs: 0 }),
    async reconcile() {
      await mutate('syncDirectory', { identityProviderId: providerId })
      await reconcileDirectories(services)
      const [run] = await services.database.transaction(organizationId, (em) =>
        em.execute<{ state: string }[]>('select state from directory_sync_runs order by id desc limit 1'),
      )
      return run?.state ?? ''
    },
    async untilAnswered(credential, answer) {
      const isSo = (one: string) => (typeof answer === 'string' ? one === answer : answer.test(one))
      let answers: string[] = []
      await eventually(`every data plane answers ${answer}`, async () => {
        answers = await ask(credential)
        return answers.every(isSo) || undefined
      })
    },
    async stop() {
      await gateway.stop()
      await identityProvider.close()
      await directory.close()
    },
  }
}

async function answerOf(url: string, credential: string): Promise<string> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${credential}` },
    body: JSON.stringify({
      model: 'demo/demo-chat',
      max_tokens: 5,
      messages: [{ role: 'user', content: 'x' }],
    }),
  })
  const { error } = (await response.json()) as { error?: { code: string; message: string } }
  return error ? `${response.status} ${error.code}: ${error.message}` : String(response.status)
}
