import { leak, secretOf, secrets } from './canaries.ts'
import { type EchoingProvider, echoes } from './echoing-provider.ts'
import type { Gateway } from './gateway.ts'
import { type Demo, issueKey, revokeKey } from './keys.ts'
import type { Stored } from './stored-bytes.ts'

/** A gateway that is given secrets, and what its callers got to see. */
export interface CanaryRun {
  readonly gateway: Gateway
  readonly demo: Demo
  readonly provider: EchoingProvider
  readonly answered: Stored[]
  /** How many calls were made. */
  calls: number
  testSignInId: string
}

/** Gives Gatehouse secrets in every way, also wrong ones, and has it make some. */
export async function manage(run: CanaryRun): Promise<void> {
  const created = await mutate(run, 'createProvider', 'CreateProviderInput', '... on Provider { id }', {
    ...{ name: leak, baseUrl: run.provider.baseUrl, allowPrivateNetwork: true },
  })
  const providerId = String(created.id)
  for (const name of [...Object.keys(echoes), leak])
    await mutate(run, 'createModel', 'CreateModelInput', '... on Model { id }', {
      ...{ providerId, name },
      prices: { inputNanoUsdPerMillionTokens: '1', outputNanoUsdPerMillionTokens: '1' },
    })
  const keyInput = { providerId, name: 'main' }
  const selectKey = '... on ProviderKey { id }'
  const key = await mutate(run, 'addProviderKey', 'AddProviderKeyInput', selectKey, {
    ...{ ...keyInput, secret: secretOf('rotated provider key') },
  })
  await mutate(run, 'rotateProviderKey', 'RotateProviderKeyInput', selectKey, {
    ...{ id: key.id, secret: secretOf('provider key') },
  })
  const taken = { ...keyInput, secret: secretOf('provider key that was refused').trim() }
  await mutate(run, 'addProviderKey', 'AddProviderKeyInput', selectKey, taken)
  await mutate(run, 'addProviderKey', 'AddProviderKeyInput', selectKey, {
    ...taken,
    secret: `${taken.secret} `,
  })
  const mistaken = secretOf('provider key in a wrong mutation')
  await mutate(run, 'addProviderKey', 'AddProviderKeyInput', selectKey, { name: 'main', secret: mistaken })
  await mutate(run, 'addProviderKey', 'AddProviderKeyInput', selectKey, { ...keyInput, secret: [mistaken] })
  await mutate(run, 'noSuchMutation', 'AddProviderKeyInput', selectKey, { ...keyInput, secret: mistaken })
  const imported = {
    ...{ workspaceId: run.demo.workspaceId, name: 'imported', owner: { teamId: run.demo.teamId } },
    providerConfigs: [{ providerId, weight: 1, allowedModels: ['*'], providerKeyIds: ['*'] }],
    secret: secretOf('imported virtual key'),
  }
  await mutate(run, 'importVirtualKey', 'ImportVirtualKeyInput', '... on VirtualKey { id }', imported)
  await mutate(run, 'importVirtualKey', 'ImportVirtualKeyInput', '... on VirtualKey { id }', imported)
  const issued = await issueKey(run.gateway, run.demo, { name: 'issued', providers: [providerId] })
  secrets['rotated virtual key'] = issued.secret
  const showSecret = '... on IssuedVirtualKey { secret }'
  const rotation = { id: issued.id, overlapSeconds: 600 }
  const rotated = await mutate(run, 'rotateVirtualKey', 'RotateVirtualKeyInput', showSecret, rotation, true)
  secrets['issued virtual key'] = String(rotated.secret)
  const revoked = await issueKey(run.gateway, run.demo, { name: 'revoked' })
  secrets['revoked virtual key'] = revoked.secret
  await revokeKey(run.gateway, revoked.id)
  const token = { name: 'another', role: 'VIEWER' }
  const shown = await mutate(
    run,
    'issueApiToken',
    'IssueApiTokenInput',
    '... on IssuedApiToken { secret }',
    token,
    true,
  )
  secrets['api token'] = String(shown.secret)
  const enrolment = await ask(
    run.gateway,
    run.gateway.adminToken,
    'mutation { createEnrolmentToken(input: { ttlSeconds: 600 }) { ... on EnrolmentToken { token } } }',
  )
  // Its other parts are ids and the fingerprint of a public key.
  secrets['enrolment token'] = JSON.parse(enrolment).data.createEnrolmentToken.token.split('.')[2]
  await tryIdentityProvider(run)
  await ask(run.gateway, secretOf('unknown admin token'), '{ viewer { id } }')
  await fetch(
    `${run.gateway.graphqlUrl}?token=${encodeURIComponent(secretOf('unknown admin token'))}&query=%7B`,
  )
}

async function tryIdentityProvider(run: CanaryRun): Promise<void> {
  const { id } = await mutate(
    run,
    'createIdentityProvider',
    'CreateIdentityProviderInput',
    '... on IdentityProvider { id }',
    {
      ...{ name: 'canaries', kind: 'OIDC', issuer: 'https://id.example.com', clientId: 'gatehouse' },
      clientSecret: secretOf('client secret of an identity provider'),
    },
  )
  await tryJwtProvider(run, String(id))
  const started = await ask(
    run.gateway,
    run.gateway.adminToken,
    `mutation ($id: ID!) {
      startTestSignIn(input: { id: $id }) { ... on StartedTestSignIn { url testSignIn { id } } } }`,
    { id },
  )
  const { url, testSignIn } = JSON.parse(started).data.startTestSignIn
  secrets['ticket of a test sign-in'] = new URL(url).searchParams.get('ticket') ?? ''
  run.testSignInId = testSignIn.id
}

/** Enabled, so that its secret reaches data planes. */
async function tryJwtProvider(run: CanaryRun, identityProviderId: string): Promise<void> {
  const select = '... on JwtProvider { id enabled }'
  const input = {
    ...{ name: 'canaries', issuer: 'https://tokens.example.com', identityProviderId },
    ...{ audiences: ['api://gatehouse'], algorithm: 'HS256', secret: secretOf('secret of a JWT provider') },
  }
  const { id } = await mutate(run, 'createJwtProvider', 'CreateJwtProviderInput', select, input)
  await mutate(run, 'updateJwtProvider', 'UpdateJwtProviderInput', select, {
    ...{ id, secret: secretOf('secret of a JWT provider that was refused') },
  })
  const enable = { id, enabled: true }
  const { enabled } = await mutate(run, 'setJwtProviderEnabled', 'SetJwtProviderEnabledInput', select, enable)
  if (enabled !== true) throw new Error('the JWT provider was not enabled')
}

/** Sends a mutation whatever becomes of it; the answer is searched unless it is the one that shows a new secret. */
export async function mutate(
  run: CanaryRun,
  field: string,
  inputType: string,
  selection: string,
  input: object,
  shows = false,
) {
  const query = `mutation ($input: ${inputType}!) { ${field}(input: $input) { __typename ${selection} ... on Refusal { message } } }`
  const body = await ask(run.gateway, run.gateway.adminToken, query, { input })
  if (!shows) run.answered.push({ where: field, bytes: Buffer.from(body) })
  const { data } = JSON.parse(body) as { data?: Record<string, Record<string, unknown>> }
  return data?.[field] ?? {}
}

export async function ask(
  gateway: Gateway,
  token: string,
  query: string,
  variables: object = {},
): Promise<string> {
  const response = await fetch(gateway.graphqlUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  })
  return response.text()
}
