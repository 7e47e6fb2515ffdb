import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { ClientError } from './client-error.ts'

export interface Endpoint {
  readonly isTls: boolean
  /** A name or an address, without brackets. */
  readonly hostname: string
  readonly port: number
  readonly connectTimeoutMs: number
  /** Whether an address must not be spoken to, whatever name led to it. */
  readonly refuses?: ((address: string) => boolean) | undefined
  /** Certificates to trust in place of the system's, in PEM. */
  readonly ca?: string | undefined
}

/** Keeps the last TLS session of an origin, so that its next connection saves a round trip. */
export interface SessionStore {
  session: Buffer | undefined
}

/** Calls back exactly once: with a connected socket that has no listeners, or with an error. */
export function openSocket(
  endpoint: Endpoint,
  store: SessionStore,
  done: (error: Error | undefined, socket: Socket) => void,
): void {
  const socket = endpoint.isTls ? startTls(endpoint, store) : startTcp(endpoint)
  const timer = setTimeout(() => {
    const { connectTimeoutMs } = endpoint
    socket.destroy(new ClientError('HTTP_CONNECT_TIMEOUT', `Not connected within ${connectTimeoutMs} ms`))
  }, endpoint.connectTimeoutMs)
  const settle = (error: Error | undefined) => {
    clearTimeout(timer)
    socket.off(readyEvent, onReady)
    socket.off('error', onFailure)
    socket.off('close', onClose)
    // A socket that failed may fail again while it closes.
    if (error) socket.on('error', () => undefined)
    done(error, socket)
  }
  // Before the handshake: for a literal address there is no look-up that could be filtered instead.
  socket.once('connect', () => {
    const { remoteAddress = '' } = socket
    if (endpoint.refuses?.(remoteAddress)) {
      socket.destroy(new ClientError('HTTP_ADDRESS_REFUSED', 'The address is in a private network'))
    }
  })
  const readyEvent = endpoint.isTls ? 'secureConnect' : 'connect'
  const onReady = () => {
    if (!socket.destroyed) settle(undefined)
  }
  const onFailure = (error: Error) => settle(error)
  const onClose = () => settle(new ClientError('HTTP_CONNECTION_LOST', 'Closed while connecting'))
  socket.on(readyEvent, onReady).on('error', onFailure).on('close', onClose)
}

function startTcp({ hostname, port }: Endpoint): Socket {
  return connectTcp({ ...socketOptions, host: hostname, port })
}

function startTls({ hostname, port, ca }: Endpoint, store: SessionStore): Socket {
  const socket = connectTls({
    ...socketOptions,
    host: hostname,
    port,
    ALPNProtocols: ['http/1.1'],
    // RFC 6066 §3: an address is no server name. The certificate is checked against `host` then.
    ...(isIP(hostname) ? {} : { servername: hostname }),
    ...(store.session ? { session: store.session } : {}),
    ...(ca === undefined ? {} : { ca }),
    rejectUnauthorized: true,
  })
  socket.on('session', (session: Buffer) => {
    store.session = session
  })
  return socket
}

const socketOptions = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
  autoSelectFamily: true,
}
