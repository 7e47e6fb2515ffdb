import { type ClientAuth, ClientSecretPost, type ServerMetadata } from 'openid-client'

/** How we prove to a provider that we are its client: RFC 6749 §2.3.1. */
export function clientAuthentication(metadata: ServerMetadata, clientSecret: string): ClientAuth {
  return acceptsBasic(metadata) ? basicAuthentication(clientSecret) : ClientSecretPost(clientSecret)
}

/** RFC 8414 §2: what a provider takes that says nothing. */
function acceptsBasic({ token_endpoint_auth_methods_supported: methods }: ServerMetadata): boolean {
  return methods === undefined || methods.includes('client_secret_basic')
}

/**
 * The library encodes "-", "_" and "." too. Whoever decodes reads the same without that; whoever does not, as glewlwyd,
 * refuses a secret that has one.
 */
function basicAuthentication(clientSecret: string): ClientAuth {
  return (_server, { client_id: clientId }, _body, headers) => {
    const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':')
    headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`)
  }
}
