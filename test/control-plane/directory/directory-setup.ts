import { generateKeyPairSync } from 'node:crypto'
import type {
  Directory,
  DirectoryPerson,
  DirectoryValue,
  Step,
} from '../../../control-plane/directory/directory.ts'
import { type DirectorySettings, openDirectory } from '../../../control-plane/directory/open.ts'
import type { ProviderKind } from '../../../control-plane/sign-in/provider-kinds.ts'
import type { MappingRule } from '../../../control-plane/sign-in/role-mapping.ts'
import {
  type DirectoryApi,
  type DirectoryServer,
  startDirectoryServer,
} from '../../environment/directories/directory-server.ts'
import { entraApi } from '../../environment/directories/entra.ts'
import { googleApi } from '../../environment/directories/google.ts'
import { keycloakApi } from '../../environment/directories/keycloak.ts'
import { oktaApi } from '../../environment/directories/okta.ts'
import { zitadelApi } from '../../environment/directories/zitadel.ts'

export type DirectoryKindName = Exclude<ProviderKind, 'oauth2' | 'oidc'>

const tenant = '11111111-2222-4333-8444-555555555555'
const client = { clientId: 'gatehouse', clientSecret: 'a secret of gatehouse' }
const adminEmail = 'admin@example.com'
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })

interface KindSetup {
  readonly api: DirectoryApi
  readonly issuer: (url: string) => string
  readonly secret?: (url: string) => string
  readonly account?: object
  /** The claim that says somebody's groups or roles. */
  readonly claim: string
}

export const directoryKinds: Readonly<Record<DirectoryKindName, KindSetup>> = {
  okta: {
    api: oktaApi('an-api-token'),
    issuer: (url) => `${url}/oauth2/default`,
    secret: () => 'an-api-token',
    claim: 'groups',
  },
  entra: {
    api: entraApi(tenant, client.clientId, client.clientSecret),
    issuer: (url) => `${url}/${tenant}/v2.0`,
    claim: 'groups',
  },
  keycloak: {
    api: keycloakApi(client.clientId, client.clientSecret),
    issuer: (url) => `${url}/realms/acme`,
    account: { groupPrefix: '/' },
    claim: 'groups',
  },
  zitadel: {
    api: zitadelApi('a-personal-access-token', '4711'),
    issuer: (url) => url,
    secret: () => 'a-personal-access-token',
    account: { projectId: '4711' },
    claim: 'urn:zitadel:iam:org:project:roles',
  },
  google_workspace: {
    api: googleApi({ email: 'robot@example.iam.gserviceaccount.com', publicKey, adminEmail }),
    issuer: () => 'https://accounts.google.com',
    secret: (url) =>
      JSON.stringify({
        ...{
          type: 'service_account',
          client_email: 'robot@example.iam.gserviceaccount.com',
          token_uri: `${url}/token`,
        },
        private_key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
      }),
    account: { adminEmail },
    claim: 'groups',
  },
}

/** A directory of a product on loopback. */
export function startDirectory(kind: DirectoryKindName): Promise<DirectoryServer> {
  return startDirectoryServer(directoryKinds[kind].api)
}

export function settingsFor(
  kind: DirectoryKindName,
  { url }: Pick<DirectoryServer, 'url'>,
  rules: readonly MappingRule[],
  changes: Partial<DirectorySettings['account']> = {},
): DirectorySettings {
  const { issuer, secret, account } = directoryKinds[kind]
  const isElsewhere = kind === 'entra' || kind === 'google_workspace'
  return {
    provider: {
      ...{ id: 'idp_test', kind, issuer: issuer(url), ...client, scopes: ['openid'] },
      ...{ hostedDomain: null, endpoints: null },
      trustedNetworks: ['127.0.0.0/8'],
    },
    account: {
      ...{
        url: isElsewhere ? url : null,
        clientId: null,
        adminEmail: null,
        projectId: null,
        groupPrefix: '',
      },
      ...account,
      ...changes,
    },
    secret: secret?.(url) ?? null,
    rules,
  }
}

export interface ReadDirectory {
  readonly people: readonly DirectoryPerson[]
  readonly values: readonly DirectoryValue[]
  readonly expected: number | undefined
  readonly claims: readonly string[]
}

/** All that a directory has. */
export async function readAll(
  settings: DirectorySettings,
  signal = new AbortController().signal,
): Promise<ReadDirectory> {
  const directory: Directory = openDirectory(settings, Date.now)
  const people: DirectoryPerson[] = []
  const values: DirectoryValue[] = []
  let expected: number | undefined
  // What is left to do goes through JSON, as it does in the database.
  let todo = JSON.parse(JSON.stringify(directory.first)) as Step[]
  for (let [step] = todo; step; [step] = todo) {
    const page = await directory.read(step, signal)
    people.push(...(page.people ?? []))
    values.push(...(page.values ?? []))
    expected = page.expected ?? expected
    todo = JSON.parse(JSON.stringify([...(page.steps ?? []), ...todo.slice(1)])) as Step[]
  }
  return { people, values, expected, claims: directory.claims }
}
