export type ClientErrorCode =
  | 'HTTP_INVALID_REQUEST'
  | 'HTTP_ADDRESS_REFUSED'
  | 'HTTP_CONNECT_TIMEOUT'
  | 'HTTP_HEAD_TIMEOUT'
  | 'HTTP_BODY_TIMEOUT'
  | 'HTTP_MALFORMED_RESPONSE'
  | 'HTTP_CONNECTION_LOST'
  | 'HTTP_TOO_MANY_CONNECTIONS'
  | 'HTTP_POOL_CLOSED'

/** What went wrong between here and the server. Operating system and TLS errors keep their own codes and classes. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: ClientErrorCode

  constructor(code: ClientErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

export function malformed(what: string): ClientError {
  return new ClientError('HTTP_MALFORMED_RESPONSE', `Malformed response: ${what}`)
}
