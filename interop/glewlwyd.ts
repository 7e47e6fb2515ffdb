import { spawn } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort, onStop } from '../bench/processes.ts'
import { endWithUs, stopChild } from '../cli/embedded/child-process.ts'
import { glewlwydFiles } from './glewlwyd-program.ts'
import type { TlsFront } from './tls-front.ts'
import { Visitor } from './visitor.ts'

export interface Person {
  readonly username: string
  readonly password: string
  readonly name: string
  readonly email: string
  readonly groups: readonly string[]
}

/** glewlwyd with an OpenID Connect plugin, a client and people, by its own administration API. */
export interface Glewlwyd {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Creates the person, or changes them. */
  describe(person: Person): Promise<void>
  remove(username: string): Promise<void>
  /** Ends what the provider's own session of this browser is, and tells whoever wants to know. */
  endSessionOf(visitor: Visitor): Promise<void>
  /** Signs with a new key from now on. */
  rotateKey(): Promise<void>
  /** How many refresh tokens it has given out. */
  refreshTokens(): number
  /** What it logged, to explain a failure. */
  log(): string
}

const plugin = 'oidc'
export const clientId = 'gatehouse'
/** As Debian's own statements create it. */
const administrator = { username: 'admin', password: 'password' }

export async function startGlewlwyd(
  folder: string,
  front: TlsFront,
  { redirectUri, backChannelLogoutUri, returnUri }: Addresses,
): Promise<Glewlwyd> {
  const port = await freePort()
  const logFile = join(folder, 'glewlwyd.log')
  const database = join(folder, 'glewlwyd.sqlite')
  fillDatabase(database)
  const configuration = join(folder, 'glewlwyd.conf')
  writeFileSync(configuration, configurationOf({ port, origin: front.origin, database, logFile }))
  const child = spawn(glewlwydFiles.program, [`--config-file=${configuration}`], { stdio: 'ignore' })
  endWithUs(child, 'SIGKILL')
  onStop(() =>
    stopChild(child, [
      { signal: 'SIGTERM', waitMs: 5_000 },
      { signal: 'SIGKILL', waitMs: 5_000 },
    ]),
  )
  front.forwardTo(port)
  const log = () => readFileSync(logFile, 'utf8').slice(-4_000)
  const refreshTokens = () => readFileSync(logFile, 'utf8').split('Refresh token generated').length - 1
  const api = `${front.origin}/api`
  await untilItAnswers(`${api}/../config`, log)

  const admin = new Visitor()
  await admin.json(`${api}/auth/`, { method: 'POST', body: administrator })
  const clientSecret = randomBytes(24).toString('base64url')
  const parameters = { ...pluginParameters, iss: `${api}/${plugin}`, 'jwks-private': newKeySet() }
  const settings = { module: 'oidc', name: plugin, display_name: plugin, parameters }
  await admin.json(`${api}/mod/plugin/`, { method: 'POST', body: settings })
  for (const name of ['offline_access', 'profile', 'email']) {
    await admin.json(`${api}/scope/`, {
      method: 'POST',
      body: { name, display_name: name, password_required: false },
    })
  }
  await admin.json(`${api}/client/`, {
    method: 'POST',
    body: {
      ...{
        client_id: clientId,
        name: 'Gatehouse',
        confidential: true,
        enabled: true,
        client_secret: clientSecret,
      },
      ...{ password: clientSecret, redirect_uri: [redirectUri], scope: [] },
      authorization_type: ['code', 'refresh_token'],
      token_endpoint_auth_method: ['client_secret_basic'],
      ...{ post_logout_redirect_uris: [returnUri], backchannel_logout_uri: backChannelLogoutUri },
      backchannel_logout_session_required: 'true',
    },
  })
  const known = new Set<string>()
  return {
    ...{ issuer: `${api}/${plugin}`, clientId, clientSecret, log, refreshTokens },
    async describe(person) {
      const isNew = !known.has(person.username)
      known.add(person.username)
      await admin.json(isNew ? `${api}/user/` : `${api}/user/${person.username}`, {
        method: isNew ? 'POST' : 'PUT',
        body: { ...person, enabled: true, scope: ['openid', ...scopes] },
      })
    },
    async remove(username) {
      await admin.json(`${api}/user/${username}`, { method: 'DELETE' })
    },
    async endSessionOf(visitor) {
      const sid = visitor.cookieOf(front.origin, 'GLEWLWYD2_OIDC_SESSION')
      await visitor.json(`${api}/${plugin}/session/${sid}`, { method: 'DELETE' })
    },
    async rotateKey() {
      const changed = { ...settings, parameters: { ...parameters, 'jwks-private': newKeySet() } }
      await admin.json(`${api}/mod/plugin/${plugin}`, { method: 'PUT', body: changed })
      await admin.json(`${api}/mod/plugin/${plugin}/reset/`, { method: 'PUT' })
    },
  }
}

export interface Addresses {
  readonly redirectUri: string
  readonly backChannelLogoutUri: string
  readonly returnUri: string
}

export const scopes = ['profile', 'email', 'offline_access'] as const

const pluginParameters = {
  ...{ 'jwt-type': 'rsa', 'jwt-key-size': '256', 'subject-type': 'public', 'jwks-show': true },
  ...{ 'access-token-duration': 300, 'refresh-token-duration': 3_600, 'code-duration': 60 },
  ...{ 'refresh-token-rolling': true, 'refresh-token-one-use': 'always', 'allow-non-oidc': false },
  ...{
    'auth-type-code-enabled': true,
    'auth-type-refresh-enabled': true,
    'auth-type-code-revoke-replayed': true,
  },
  ...{
    'auth-type-token-enabled': false,
    'auth-type-implicit-enabled': false,
    'auth-type-none-enabled': false,
  },
  ...{
    'auth-type-password-enabled': false,
    'auth-type-client-enabled': false,
    'auth-type-device-enabled': false,
  },
  ...{
    'pkce-allowed': true,
    'pkce-required': true,
    'pkce-method-plain-allowed': false,
    'oauth-as-iss-id': true,
  },
  ...{ 'session-management-allowed': true, 'back-channel-logout-allowed': true },
  ...{ 'session-cookie-name': 'GLEWLWYD2_OIDC_SESSION', 'session-cookie-expiration': 3_600 },
  ...{
    'name-claim': 'mandatory',
    'email-claim': 'mandatory',
    'scope-claim': 'no',
    'allowed-scope': ['openid', ...scopes],
  },
  claims: [
    {
      name: 'groups',
      'user-property': 'groups',
      type: 'string',
      mandatory: true,
      'on-demand': false,
      scope: [],
    },
  ],
}

function fillDatabase(path: string): void {
  const database = new DatabaseSync(path)
  try {
    database.exec(readFileSync(glewlwydFiles.schema, 'utf8'))
    // A group is a member of a person that the module has to know, and a list; so are addresses of a client.
    haveMembers(database, 'user', { groups: { multiple: true, read: true, write: true } })
    haveMembers(database, 'client', {
      post_logout_redirect_uris: { multiple: true, read: true, write: true },
    })
  } finally {
    database.close()
  }
}

function haveMembers(database: DatabaseSync, module: 'user' | 'client', members: object): void {
  const [table, column] = [`g_${module}_module_instance`, module === 'user' ? 'gumi' : 'gcmi']
  const name = `${column}_parameters`
  const row = database.prepare(`select ${name} as parameters from ${table}`).get()
  const parameters = JSON.parse(String(row?.parameters))
  const merged = { ...parameters, 'data-format': { ...parameters['data-format'], ...members } }
  database.prepare(`update ${table} set ${name} = ?`).run(JSON.stringify(merged))
}

/** One private key as a key set: glewlwyd signs with the first. */
function newKeySet(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = {
    ...privateKey.export({ format: 'jwk' }),
    kid: randomBytes(8).toString('hex'),
    alg: 'RS256',
    use: 'sig',
  }
  return JSON.stringify({ keys: [key] })
}

interface Settings {
  readonly port: number
  readonly origin: string
  readonly database: string
  readonly logFile: string
}

function configurationOf({ port, origin, database, logFile }: Settings): string {
  const { modules } = glewlwydFiles
  return `port=${port}
bind_address="127.0.0.1"
external_url="${origin}"
login_url="login.html"
api_prefix="api"
log_mode="file"
log_level="INFO"
log_file="${logFile}"
cookie_secure=1
hash_algorithm="SHA512"
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="${modules}/user"
client_module_path="${modules}/client"
user_auth_scheme_module_path="${modules}/scheme"
plugin_module_path="${modules}/plugin"
database = { type = "sqlite3"; path = "${database}"; };
`
}

async function untilItAnswers(url: string, log: () => string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const isThere = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isThere) return
    await delay(100)
  }
  throw new Error(`glewlwyd does not answer: ${log()}`)
}
