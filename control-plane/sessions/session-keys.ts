import { hkdfSync } from 'node:crypto'
import {
  masterKeyId,
  openUnder,
  type SealedPlace,
  SealedValueRefused,
  sealUnder,
} from '../secrets/envelope.ts'

/**
 * Seals under the newest key and opens what any known key sealed. The form is that of `Secrets.sealValue` (envelope
 * AES-256-GCM with a key id, bound to a place); what this adds is that a master key can be replaced while people are
 * signed in. The keys are derived (HKDF, RFC 5869): what seals sessions opens no other secret.
 */
export class SessionKeys {
  readonly #newest: Buffer
  readonly #byId: ReadonlyMap<string, Buffer>

  /**
   * @param newest GATEHOUSE_MASTER_KEY, 32 bytes.
   * @param previous Master keys under which sessions may have been sealed that still live.
   */
  constructor(newest: Buffer, previous: readonly Buffer[] = []) {
    this.#newest = derive(newest)
    this.#byId = new Map([this.#newest, ...previous.map(derive)].map((key) => [masterKeyId(key), key]))
  }

  seal(place: SealedPlace, plaintext: string): string {
    return sealUnder(this.#newest, place, Buffer.from(plaintext))
  }

  /** @throws SealedValueRefused when it was sealed for another place, under a key that is gone, or altered. */
  open(place: SealedPlace, sealed: string): string {
    const [, keyId = ''] = sealed.split('.')
    const key = this.#byId.get(keyId)
    if (!key)
      throw new SealedValueRefused(
        `${place.entity}.${place.field} of ${place.id} was sealed under no known key`,
      )
    return openUnder(key, place, sealed).toString('utf8')
  }
}

function derive(masterKey: Buffer): Buffer {
  if (masterKey.length !== 32) throw new RangeError(`a master key has 32 bytes, not ${masterKey.length}`)
  return Buffer.from(hkdfSync('sha256', masterKey, '', 'gatehouse/sessions', 32))
}
