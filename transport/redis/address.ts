import type { ClusterOptions } from './cluster.ts'
import type { ClientSettings, ServerAddress } from './route.ts'
import type { SentinelOptions } from './sentinel.ts'

/** What `REDIS_URL` says. */
export type RedisAddress =
  | { readonly kind: 'server'; readonly url: string }
  | ({ readonly kind: 'sentinel' } & SentinelOptions)
  | ({ readonly kind: 'cluster' } & ClusterOptions)

const defaultPorts: Readonly<Record<string, number>> = { sentinel: 26_379, cluster: 6_379 }

const forms =
  'redis://host:6379, redis+sentinel://host:26379,host:26379/?name=master or redis+cluster://host:6379,host:6379, and rediss for TLS'

/**
 * Reads `REDIS_URL`.
 *
 * @throws TypeError when it names no Redis. Its text is left out, for it may hold a password.
 */
export function readAddress(url: string): RedisAddress {
  const [, scheme = '', rest = ''] = /^([a-z+]+):\/\/(.*)$/s.exec(url) ?? []
  const [protocol = '', kind] = scheme.split('+')
  if (!/^rediss?$/.test(protocol)) throw malformed()
  if (kind === undefined) {
    if (!URL.canParse(url)) throw malformed()
    return { kind: 'server', url }
  }
  if (!(kind in defaultPorts)) throw malformed()
  return kind === 'sentinel' ? readSentinels(rest, protocol) : readCluster(rest, protocol)
}

interface Parts {
  readonly settings: ClientSettings
  readonly servers: readonly ServerAddress[]
  readonly parameters: URLSearchParams
}

function readSentinels(rest: string, protocol: string): RedisAddress {
  const { settings, servers, parameters } = partsOf(rest, protocol, 'sentinel', [
    'name',
    'sentinelCredentials',
  ])
  const name = parameters.get('name')
  if (!name) throw new TypeError(`the Redis URL names no master: it must be like ${forms}`)
  const sentinelSettings = {
    ...credentialsOf(parameters.get('sentinelCredentials') ?? undefined),
    ...tlsOf(protocol),
  }
  return { kind: 'sentinel', settings, sentinels: servers, sentinelSettings, name }
}

function readCluster(rest: string, protocol: string): RedisAddress {
  const { settings, servers } = partsOf(rest, protocol, 'cluster', [])
  if (settings.database) throw new TypeError('the Redis URL names a database: a cluster has none but 0')
  return { kind: 'cluster', settings, nodes: servers }
}

function partsOf(rest: string, protocol: string, kind: string, known: readonly string[]): Parts {
  const parts = /^(?:([^@/?]*)@)?([^/?]+)(?:\/(\d*))?(?:\?(.*))?$/s.exec(rest)
  if (!parts) throw malformed()
  const [, credentials, servers = '', database, query] = parts
  const parameters = new URLSearchParams(query)
  if (![...parameters.keys()].every((name) => known.includes(name))) {
    throw new TypeError(`the Redis URL has an unknown parameter: it may have ${known.join(', ') || 'none'}`)
  }
  const settings: ClientSettings = {
    ...credentialsOf(credentials),
    ...(database ? { database: Number(database) } : {}),
    ...tlsOf(protocol),
  }
  return { settings, servers: servers.split(',').map((text) => addressOf(text, kind)), parameters }
}

function tlsOf(protocol: string): Pick<ClientSettings, 'socket'> {
  return protocol === 'rediss' ? { socket: { tls: true } } : {}
}

/** `user:password`, each percent-encoded, and either may be empty. */
function credentialsOf(text: string | undefined): Pick<ClientSettings, 'username' | 'password'> {
  if (!text) return {}
  const [username = '', password = ''] = text.split(/:(.*)/s).map(decodeURIComponent)
  return { ...(username && { username }), ...(password && { password }) }
}

/** `host`, `host:port` or `[IPv6]:port`. */
function addressOf(text: string, kind: string): ServerAddress {
  const url = URL.parse(`redis://${text}`)
  if (!url?.hostname || url.pathname !== '') throw malformed()
  const port = url.port === '' ? defaultPorts[kind] : Number(url.port)
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: port ?? 0 }
}

function malformed(): TypeError {
  return new TypeError(`the Redis URL must be like ${forms}`)
}
