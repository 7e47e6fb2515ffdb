import { CompactEncrypt, importJWK } from 'jose'
import { canonicalJson } from '../../contract/canonical.ts'
import {
  CONFIGURATION_FORMAT,
  type Credentials,
  type Version,
} from '../../contract/configuration/documents.ts'
import { type Signers, sealByAll } from '../../contract/signed.ts'
import type { SealingRecipient } from '../modules/data-planes/index.ts'
import type { Secrets } from '../secrets/secrets.ts'

/**
 * What one data plane may know in clear: signed by the control plane, then encrypted to the data plane's key
 * (JWE compact serialisation, ECDH-ES with A256GCM).
 *
 * @param dataPlaneSecrets by id.
 */
export async function sealCredentials(
  { pepper }: Secrets,
  signers: Signers,
  organizationId: string,
  recipient: SealingRecipient,
  { epoch, revision }: Version,
  dataPlaneSecrets: Readonly<Record<string, string>>,
): Promise<string> {
  const credentials: Credentials = {
    format: CONFIGURATION_FORMAT,
    organizationId,
    dataPlaneId: recipient.id,
    epoch,
    revision,
    pepper: pepper.toString('base64'),
    secrets: { ...dataPlaneSecrets },
  }
  const signed = sealByAll('gatehouse/credentials', canonicalJson(credentials), signers)
  return new CompactEncrypt(new TextEncoder().encode(signed))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
    .encrypt(await importJWK(recipient.sealingKey, 'ECDH-ES'))
}
