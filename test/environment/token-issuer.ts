import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'

/** A key of an issuer, by which it signs RS256. */
export interface IssuerKey {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly jwk: Record<string, unknown>
}

export interface TokenParts {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: KeyObject | Uint8Array
}

/** An issuer of JWTs whose keys are on loopback. */
export interface TestTokenIssuer {
  readonly issuer: string
  readonly jwksUrl: string
  /** The key that signs now. */
  readonly key: IssuerKey
  /** How often it was asked. */
  readonly asked: number
  /** From now on it signs with a new key, and knows the former one no more. */
  rotate(): void
  /** What it answers instead of its keys; null: its keys. */
  answer: { readonly status: number; readonly body: string } | null
  /** A token about somebody for an hour, unless the parts say otherwise. */
  sign(subject: string, parts?: TokenParts): Promise<string>
  close(): Promise<void>
}

export const audience = 'api://gatehouse'
/** Where a redirect leads to, and the keys always are. */
const movedTo = '/moved'

export function issuerKey(kid: string, modulusLength = 2_048): IssuerKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength })
  return { kid, privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' } }
}

export async function startTokenIssuer(): Promise<TestTokenIssuer> {
  let count = 1
  let asked = 0
  let key = issuerKey('key-1')
  const server = createServer((request, response) => {
    asked += 1
    const isMoved = request.url === movedTo
    const present = { status: 200, body: JSON.stringify({ keys: [key.jwk] }) }
    const { status, body } = isMoved ? present : (told.answer ?? present)
    const location = status === 302 ? { location: movedTo } : {}
    response.writeHead(status, { 'content-type': 'application/json', ...location }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const told: TestTokenIssuer = {
    ...{ issuer, jwksUrl: `${issuer}/keys`, answer: null },
    get key() {
      return key
    },
    get asked() {
      return asked
    },
    rotate() {
      key = issuerKey(`key-${++count}`)
    },
    sign(subject, parts = {}) {
      const header = { alg: 'RS256', kid: key.kid, ...parts.header }
      return signToken(issuer, subject, { key: key.privateKey, ...parts, header })
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return told
}

/** A token of any issuer. */
export function signToken(issuer: string, subject: string, { header, claims, key }: TokenParts) {
  const at = Math.floor(Date.now() / 1_000)
  const said = { iss: issuer, aud: audience, sub: subject, iat: at, exp: at + 3_600, ...claims }
  if (!key) throw new TypeError('a token needs a key')
  return new SignJWT(said).setProtectedHeader({ alg: 'HS256', ...header }).sign(key)
}
