/** What a client of any server needs to know beside the address; as the Redis client names it. */
export interface ClientSettings {
  /** A whole address, where there is one. */
  readonly url?: string
  readonly username?: string
  readonly password?: string
  readonly database?: number
  readonly socket?: { readonly tls: true }
}

export interface ServerAddress {
  readonly host: string
  readonly port: number
}

/** How a connection finds its server. */
export interface Route {
  readonly settings: ClientSettings
  /** Which server is right at the moment; absent where it is always the same. Takes a second or two at most. */
  locate?(): Promise<ServerAddress>
}

/** The servers that `REDIS_URL` names. */
export interface RedisSite {
  /** Keys are on different servers, but for those that share a hash tag. */
  readonly isDivided: boolean
  /** To the server that holds this key. */
  routeTo(key: string): Route
}

export function locatedAt({ settings }: Route, { host, port }: ServerAddress) {
  const { socket, ...rest } = settings
  return { ...rest, socket: { ...(socket?.tls ? { tls: true as const } : {}), host, port } }
}
