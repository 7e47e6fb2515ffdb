import { createPublicKey, type KeyObject } from 'node:crypto'
import type { EntityManager } from '@mikro-orm/postgresql'
import { keyIdOf, openKeySet } from '../../contract/key-set.ts'
import type { KeyLookup, Signers } from '../../contract/signed.ts'
import { openSigningKeys } from './installation.ts'
import { type InstallationSigningKey, signingKeyOf } from './signing-key.ts'

/** The keys that data planes believe now, the newest first, and how they came to. */
export interface InstallationSigners extends Signers {
  readonly keys: readonly [InstallationSigningKey, ...InstallationSigningKey[]]
  /** The version of the newest statement; 0 before there is one. */
  readonly version: number
  readonly find: KeyLookup
}

/** The control plane that signed with keys of a set before the last would be refused, so that no process goes by what it remembers. */
export class CurrentSigners {
  readonly #masterKey: Buffer
  #known: InstallationSigners | undefined

  constructor(masterKey: Buffer) {
    this.#masterKey = masterKey
  }

  /** As of the caller's transaction. */
  async read(em: EntityManager): Promise<InstallationSigners> {
    const [newest] = await em.execute<{ version: number | null }[]>(
      'select max(version) as version from signing_key_sets',
    )
    const version = newest?.version ?? 0
    if (this.#known?.version !== version) this.#known = await readSigners(em, this.#masterKey, version)
    return this.#known
  }
}

async function readSigners(
  em: EntityManager,
  masterKey: Buffer,
  version: number,
): Promise<InstallationSigners> {
  const rows = await em.execute<{ statement: string }[]>(
    'select statement from signing_key_sets where version <= ? order by version',
    [version],
  )
  const succession = rows.map(({ statement }) => statement)
  const ders = await openSigningKeys(em, masterKey)
  const all = await Promise.all([...ders.values()].map(signingKeyOf))
  const publicKeys = new Map(all.map((key) => [key.id, publicKeyOf(key)]))
  const newest = succession.at(-1)
  const wanted =
    newest === undefined ? undefined : openKeySet(newest, (id) => publicKeys.get(id)).keys.map(keyIdOf)
  // The newest key stands last in a statement.
  const keys =
    wanted === undefined ? all : wanted.toReversed().flatMap((id) => all.find((key) => key.id === id) ?? [])
  const [first, ...others] = keys
  if (!first || (wanted && keys.length !== wanted.length)) {
    throw new Error('installation_secrets lacks a signing key that data planes are told to believe')
  }
  return {
    keys: [first, ...others],
    succession,
    version,
    find: (id) => (keys.some((key) => key.id === id) ? publicKeys.get(id) : undefined),
  }
}

function publicKeyOf({ publicJwk }: InstallationSigningKey): KeyObject {
  return createPublicKey({ key: { ...publicJwk }, format: 'jwk' })
}
