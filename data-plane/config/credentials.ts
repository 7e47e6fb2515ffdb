import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { compactDecrypt } from 'jose'
import {
  CONFIGURATION_FORMAT,
  type Credentials,
  compareVersions,
  parseCredentials,
  type Version,
} from '../../contract/configuration/documents.ts'
import { ConfigurationRefused, parseOrRefuse } from './refusal.ts'
import { openTrusted, type Trust } from './verify.ts'

const pepperBytes = 32
/** So many digests are kept; when there are more, all are made anew. */
const maxKeptDigests = 4_096

/** Who may open a sealed document: one data plane, with its private key. */
export interface Recipient {
  readonly dataPlaneId: string
  /** X25519. */
  readonly sealingKey: KeyObject
}

/**
 * Opens sealed credentials (JWE, RFC 7516) and verifies the signature inside.
 *
 * @throws ConfigurationRefused that names what is wrong, never what they hold.
 */
export async function openCredentials(
  sealed: string,
  recipient: Recipient,
  trust: Trust,
): Promise<Credentials> {
  const credentials = parseOrRefuse(
    'credentials',
    openTrusted('gatehouse/credentials', await decrypt(sealed, recipient), trust),
    CONFIGURATION_FORMAT,
    parseCredentials,
  )
  if (
    credentials.organizationId !== trust.organizationId ||
    credentials.dataPlaneId !== recipient.dataPlaneId
  ) {
    throw new ConfigurationRefused('credentials are meant for another data plane')
  }
  if (Buffer.from(credentials.pepper, 'base64').length !== pepperBytes) {
    throw new ConfigurationRefused(`credentials hold a pepper that is not ${pepperBytes} bytes long`)
  }
  return credentials
}

async function decrypt(sealed: string, { sealingKey }: Recipient): Promise<string> {
  try {
    const { plaintext } = await compactDecrypt(sealed, sealingKey, {
      keyManagementAlgorithms: ['ECDH-ES'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    return Buffer.from(plaintext).toString('utf8')
  } catch {
    throw new ConfigurationRefused('credentials cannot be opened with the key of this data plane')
  }
}

/** The secrets of a data plane, in memory only: no log, error or inspection shows them. */
export class Secrets {
  #pepper: KeyObject | undefined
  #byCredentialId: ReadonlyMap<string, string> = new Map()
  /** By the virtual key: the same few come with every call, and an HMAC costs more than all other checks of a key. */
  readonly #digests = new Map<string, string>()
  #version: Version | undefined

  get available(): boolean {
    return this.#pepper !== undefined
  }

  /** @returns false for credentials that are older than those in use, which stay. */
  adopt(credentials: Credentials): boolean {
    if (this.#version && compareVersions(credentials, this.#version) < 0) return false
    this.#version = { epoch: credentials.epoch, revision: credentials.revision }
    this.#pepper = createSecretKey(credentials.pepper, 'base64')
    this.#digests.clear()
    this.#byCredentialId = new Map(Object.entries(credentials.secrets))
    return true
  }

  /**
   * HMAC-SHA256 of a virtual key under the pepper, hex.
   *
   * @throws Error before the first credentials: no configuration is applied without them, so no call gets here.
   */
  digest(secret: string): string {
    if (!this.#pepper) throw new Error('this data plane has no pepper yet')
    const known = this.#digests.get(secret)
    if (known !== undefined) return known
    const digest = createHmac('sha256', this.#pepper).update(secret).digest('hex')
    if (this.#digests.size >= maxKeptDigests) this.#digests.clear()
    this.#digests.set(secret, digest)
    return digest
  }

  credential(credentialId: string): string | undefined {
    return this.#byCredentialId.get(credentialId)
  }

  has(credentialId: string): boolean {
    return this.#byCredentialId.has(credentialId)
  }
}
