import { outboundFetch } from '../sign-in/outbound.ts'
import type { ProviderKind } from '../sign-in/provider-kinds.ts'
import type { ProviderSettings } from '../sign-in/provider-settings.ts'
import type { MappingRule } from '../sign-in/role-mapping.ts'
import {
  clientCredentials,
  fixedToken,
  grantedToken,
  readServiceAccountKey,
  signedAssertion,
} from './access-token.ts'
import { type Directory, type DirectoryAccount, DirectoryFailed } from './directory.ts'
import { type Authorization, DirectoryClient } from './directory-client.ts'
import { entraDirectory } from './entra.ts'
import { googleDirectory } from './google.ts'
import { keycloakDirectory } from './keycloak.ts'
import { oktaDirectory } from './okta.ts'
import { WantedClaims } from './wanted-claims.ts'
import { zitadelDirectory } from './zitadel.ts'

/** A provider's directory with all that asking it takes, secrets in clear. */
export interface DirectorySettings {
  readonly provider: ProviderSettings
  readonly account: DirectoryAccount
  /** Null: the provider's own client secret. */
  readonly secret: string | null
  readonly rules: readonly MappingRule[]
}

/** What differs between directories before they are asked. */
interface DirectoryKind {
  /** Where the API is unless the account says. */
  base(issuer: string): string
  /** Whether people's sign-in client may ask too, so that no secret of its own is needed. */
  readonly mayUseClient: boolean
  open(asked: Asked): Directory
}

interface Asked extends DirectorySettings {
  readonly wanted: WantedClaims
  readonly fetch: ReturnType<typeof outboundFetch>
  readonly now: () => number
  connect(authorization: Authorization): DirectoryClient
}

const originOf = (issuer: string) => new URL(issuer).origin
const googleScopes = ['user', 'group', 'group.member'].map(
  (of) => `https://www.googleapis.com/auth/admin.directory.${of}.readonly`,
)

const kinds: Readonly<Partial<Record<ProviderKind, DirectoryKind>>> = {
  okta: {
    base: originOf,
    mayUseClient: false,
    open: ({ connect, secret, wanted }) => oktaDirectory(connect(fixedToken('SSWS', secret ?? '')), wanted),
  },
  entra: {
    base: () => 'https://graph.microsoft.com',
    mayUseClient: true,
    open(asked) {
      const { provider, account, wanted } = asked
      const url = new URL(provider.issuer)
      const tenant = url.pathname.split('/')[1]
      const scope = `${account.url === null ? 'https://graph.microsoft.com' : originOf(account.url)}/.default`
      const token = grantedOf(asked, `${url.origin}/${tenant}/oauth2/v2.0/token`, scope)
      return entraDirectory(asked.connect(token), wanted, provider.clientId)
    },
  },
  keycloak: {
    base: (issuer) => issuer.replace(/\/realms\/(?=[^/]+\/?$)/, '/admin/realms/'),
    mayUseClient: true,
    open(asked) {
      const token = grantedOf(asked, `${asked.provider.issuer}/protocol/openid-connect/token`)
      return keycloakDirectory(asked.connect(token), asked.wanted)
    },
  },
  zitadel: {
    base: originOf,
    mayUseClient: false,
    open: ({ connect, secret, wanted, account }) =>
      zitadelDirectory(connect(fixedToken('Bearer', secret ?? '')), wanted, account.projectId),
  },
  google_workspace: {
    base: () => 'https://admin.googleapis.com',
    mayUseClient: false,
    open({ connect, secret, wanted, account, provider, fetch, now }) {
      const key = readServiceAccountKey(secret ?? '')
      if (!key) throw new DirectoryFailed('refused', 'The secret is no key of a service account')
      const delegation = { scopes: googleScopes, subject: account.adminEmail ?? '', now }
      const token = grantedToken(fetch, {
        url: key.tokenUrl,
        parameters: signedAssertion(key, delegation),
        now,
      })
      return googleDirectory(connect(token), wanted, provider.hostedDomain)
    },
  },
}

/** Of the client that is set up for the directory, or else that people sign in with. */
function grantedOf(
  { provider, account, secret, fetch, now }: Asked,
  url: string,
  scope?: string,
): Authorization {
  const clientId = account.clientId ?? provider.clientId
  const parameters = clientCredentials(clientId, secret ?? provider.clientSecret, scope)
  return grantedToken(fetch, { url, parameters, now })
}

/** What is needed of an account; null: providers of this kind have no directory that can be asked. */
export function directoryNeeds(kind: ProviderKind): { readonly mayUseClient: boolean } | null {
  return kinds[kind] ?? null
}

/** @throws DirectoryFailed for settings that cannot be; NetworkRefused for a trusted network that is none */
export function openDirectory(settings: DirectorySettings, now: () => number): Directory {
  const { provider, account, rules } = settings
  const kind = kinds[provider.kind]
  if (!kind)
    throw new DirectoryFailed('refused', 'Providers of this kind have no directory that can be asked')
  const fetch = outboundFetch({ trustedNetworks: provider.trustedNetworks, timeLimitMs: 60_000 })
  const connect = (authorization: Authorization) =>
    new DirectoryClient(account.url ?? kind.base(provider.issuer), fetch, authorization)
  const wanted = new WantedClaims(rules, account.groupPrefix)
  return kind.open({ ...settings, wanted, fetch, now, connect })
}
