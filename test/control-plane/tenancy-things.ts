import { newId } from '../../control-plane/db/id.ts'
import { recordUsage } from '../../control-plane/modules/usage/index.ts'
import { read, type Tenant, type TestApi } from './api.ts'
import { callFinished } from './spending-data-plane.ts'

/** One thing of every type that has an id, by the name of its GraphQL type in lower camel case. */
export type Things = Readonly<Record<string, string>>

type Create = (mutation: string, type: string, input: object, selection?: string) => Promise<Created>
interface Created {
  readonly id: string
  readonly virtualKey?: { readonly id: string; readonly providerConfigs: readonly { readonly id: string }[] }
  readonly apiToken?: { readonly id: string }
}

/** Fills a workspace with one of everything, named after `prefix` so that a glimpse of it can be told. */
export async function furnish(api: TestApi, tenant: Tenant, prefix: string): Promise<Things> {
  const { organizationId, workspaceId } = tenant
  const create: Create = async (mutation, type, input, selection = 'id') => {
    const inputType = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`
    const document = `mutation($input: ${inputType}!) { ${mutation}(input: $input) { ... on ${type} { ${selection} } ... on Refusal { message } } }`
    const { data, errors } = await api.ask(tenant.token, document, { input })
    const created = data?.[mutation]
    if (errors.length > 0 || !created || 'message' in (created as object))
      throw new Error(`${mutation}: ${JSON.stringify({ created, errors })}`)
    return created as Created
  }
  const hierarchy = await createHierarchy(create, workspaceId, prefix)
  const access = await createAccess(create, { ...hierarchy, workspace: workspaceId }, prefix)
  const clientConfigurationChange = await requestHeaderChange(api, tenant, prefix)
  const own = { organization: organizationId, workspace: workspaceId, clientConfigurationChange }
  const things = { ...own, ...hierarchy, ...access }
  const reported = await insertReported(api, things)
  const testSignIn = await tryProvider(api, tenant, things)
  return { ...things, ...reported, session: await signIn(api, things), testSignIn }
}

/** A change that waits for a second person: its own, or the newest where as many wait as may. */
async function requestHeaderChange(api: TestApi, { token }: Tenant, prefix: string): Promise<string> {
  const document = `mutation($input: UpdateClientConfigurationInput!) {
    updateClientConfiguration(input: $input) {
      ... on ApprovalRequired { change { id } } ... on TooManyPendingChanges { code } } }`
  await api.ask(token, document, { input: { requireApprovalForHeaderChanges: true } })
  const input = { headerFilter: { allowlist: [`x-${prefix}`] } }
  const { data } = await api.ask(token, document, { input })
  const { change } = read<{ change?: { id: string } }>(data, 'updateClientConfiguration')
  if (change) return change.id
  const waiting = await api.ask(token, '{ clientConfigurationChanges(first: 1) { edges { node { id } } } }')
  const { edges } = read<{ edges: { node: { id: string } }[] }>(waiting.data, 'clientConfigurationChanges')
  return edges[0]?.node.id ?? ''
}

async function createHierarchy(create: Create, workspaceId: string, prefix: string) {
  const { id: customer } = await create('createCustomer', 'Customer', {
    workspaceId,
    name: `${prefix} customer`,
  })
  const { id: businessUnit } = await create('createBusinessUnit', 'BusinessUnit', {
    ...{ customerId: customer, name: `${prefix} unit` },
  })
  const { id: team } = await create('createTeam', 'Team', {
    ...{ workspaceId, businessUnitId: businessUnit, name: `${prefix} team` },
  })
  const { id: user } = await create('createUser', 'User', { name: `${prefix} user`, teamId: team })
  const { id: membership } = await create('addTeamMember', 'Membership', { teamId: team, userId: user })
  return { customer, businessUnit, team, user, membership }
}

async function createAccess(create: Create, things: Things, prefix: string) {
  const { workspace: workspaceId, team } = things
  const { id: provider } = await create('createProvider', 'Provider', {
    ...{ name: `${prefix}-provider`.toLowerCase(), baseUrl: 'https://api.example.com/v1' },
  })
  const key = { providerId: provider, name: `${prefix} key`, secret: 'a secret'.replace(' ', '-') }
  const { id: providerKey } = await create('addProviderKey', 'ProviderKey', key)
  const { id: model } = await create('createModel', 'Model', {
    providerId: provider,
    name: `${prefix}-model`,
  })
  const issued = await create(
    'issueVirtualKey',
    'IssuedVirtualKey',
    {
      ...{ workspaceId, name: `${prefix} virtual key`, owner: { teamId: team } },
      providerConfigs: [{ providerId: provider, allowedModels: ['*'], providerKeyIds: [providerKey] }],
    },
    'virtualKey { id providerConfigs { id } }',
  )
  const virtualKey = issued.virtualKey?.id ?? ''
  const providerConfig = issued.virtualKey?.providerConfigs[0]?.id ?? ''
  const owner = { virtualKeyId: virtualKey }
  const { id: budget } = await create('setBudget', 'Budget', { owner, limit: '1000', period: 'NONE' })
  const limit = { owner, maxRequests: 9, windowSeconds: 60 }
  const { id: requestLimit } = await create('setRequestLimit', 'RequestLimit', limit)
  const { id: role } = await create('createRole', 'Role', {
    ...{ name: `${prefix} role`, permissions: ['teams:view'], workspaceIds: [workspaceId] },
  })
  const assignment = { userId: things.user, roleId: role }
  const { id: roleAssignment } = await create('assignRole', 'RoleAssignment', assignment)
  const { id: accessProfile } = await create('createAccessProfile', 'AccessProfile', {
    ...{ name: `${prefix} profile`, providerConfigs: [] },
  })
  const { id: identityProvider } = await create('createIdentityProvider', 'IdentityProvider', {
    ...{ name: `${prefix}-idp`.toLowerCase(), kind: 'KEYCLOAK', issuer: 'https://id.example.com/realms/x' },
    ...{ clientId: 'gatehouse', clientSecret: 'a secret'.replace(' ', '-') },
  })
  await create('setDirectory', 'IdentityProvider', { identityProviderId: identityProvider })
  const { id: jwtProvider } = await create('createJwtProvider', 'JwtProvider', {
    ...{
      name: `${prefix} issuer`,
      issuer: `https://${prefix}.example.com`.toLowerCase(),
      algorithm: 'HS256',
    },
    ...{ identityProviderId: identityProvider, audiences: ['api://gatehouse'] },
    secret: 'a secret of thirty-two bytes or more'.replaceAll(' ', '-'),
  })
  const { id: accessPolicy } = await create('createAccessPolicy', 'AccessPolicy', {
    ...{ name: `${prefix} policy`, effect: 'DENY_WHEN', permissions: ['usage:view'], roleIds: [role] },
  })
  const token = { name: `${prefix} token`, role: 'VIEWER', workspaceId }
  const { apiToken } = await create('issueApiToken', 'IssuedApiToken', token, 'apiToken { id }')
  const ids = {
    provider,
    providerKey,
    model,
    virtualKey,
    providerConfig,
    budget,
    requestLimit,
    role,
    roleAssignment,
    accessProfile,
    accessPolicy,
    identityProvider,
    jwtProvider,
  }
  return { ...ids, apiToken: apiToken?.id ?? '' }
}

async function tryProvider(api: TestApi, { token }: Tenant, things: Things): Promise<string> {
  const document = `mutation ($id: ID!) {
    startTestSignIn(input: {id: $id}) { ... on StartedTestSignIn { testSignIn { id } } } }`
  const { data } = await api.ask(token, document, { id: things.identityProvider })
  return read<{ testSignIn: { id: string } }>(data, 'startTestSignIn').testSignIn.id
}

async function signIn({ controlPlane: { services } }: TestApi, things: Things): Promise<string> {
  const { organization = '', user = '', identityProvider = '' } = things
  const begun = await services.sessions.begin({
    ...{ organizationId: organization, userId: user, providerId: identityProvider, subject: 'somebody' },
    ...{ providerSessionId: null, userAgent: 'test', address: '127.0.0.1', authenticatedAt: services.now() },
    ...{ authenticationMethods: [], authenticationClass: null, authenticationContexts: [] },
    secrets: { idToken: '', refreshToken: null },
  })
  if (begun === 'too_many_sessions') throw new Error('a new user has no session yet')
  return begun.session.id
}

/** What data planes bring, and the audit event that the rest has left. */
async function insertReported({ controlPlane: { database } }: TestApi, things: Things) {
  const { organization = '', workspace = '', team = '', customer = '', virtualKey = '' } = things
  const dataPlane = newId('dp')
  const call = callFinished({
    workspaceId: workspace,
    teamId: team,
    customerId: customer,
    virtualKeyId: virtualKey,
  })
  return database.transaction(organization, async (em) => {
    await em.execute(
      `insert into data_planes (id, org_id, name, version, signing_key, sealing_key, enrolled_at, last_seen_at, plugins)
       values (?, ?, 'test', '0.0.0', '{}', '{}', now(), now(), '[]')`,
      [dataPlane, organization],
    )
    await recordUsage(em, organization, [{ dataPlaneId: dataPlane, call }])
    const directorySyncRun = newId('dsr')
    await em.execute(
      `insert into directory_sync_runs (id, org_id, provider_id, trigger, state, dry_run, created_at, finished_at)
       values (?, ?, ?, 'request', 'succeeded', false, now(), now())`,
      [directorySyncRun, organization, things.identityProvider],
    )
    const accessChange = newId('acc')
    await em.execute(
      `insert into access_changes (id, org_id, mutation, fields, effects, digest, sealed_request, state, requester,
         requester_person_id, requested_at, expires_at)
       select ?, ?, 'assignRole', '[]', '[]', '', '', 'pending', '{"kind": "api_token", "id": "tok_1", "name": "test"}',
         person_id, now(), now() + interval '72 hours' from api_tokens order by created_at limit 1`,
      [accessChange, organization],
    )
    const [usage] = await em.execute<{ id: string }[]>('select id from usage_records where attempt_id = ?', [
      call.attemptId,
    ])
    const [audit] = await em.execute<{ id: string }[]>(
      `select id from audit_events where type = 'virtual_key.issued' and subject_id = ?`,
      [virtualKey],
    )
    return {
      accessChange,
      dataPlane,
      directorySyncRun,
      usageRecord: usage?.id ?? '',
      auditEvent: audit?.id ?? '',
    }
  })
}
