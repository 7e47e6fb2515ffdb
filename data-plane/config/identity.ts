import type { KeyObject } from 'node:crypto'
import { chmod, mkdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import Type, { type Static } from 'typebox'
import { ContractViolation, parserOf } from '../../contract/validation.ts'
import type { Recipient } from './credentials.ts'
import { privateDirectoryMode, writeDurably } from './durable-file.ts'
import { generateKeyPairs, type KeyPairs, privateKey } from './keys.ts'
import { PinnedKeys } from './pinned-keys.ts'
import type { Trust } from './verify.ts'

/** Who this data plane is, once the control plane knows it, and whom it believes. */
export interface Identity extends Trust, Recipient {
  readonly dataPlaneId: string
  readonly controlPlane: PinnedKeys
  /** Ed25519; signs what this data plane sends. */
  readonly privateSigningKey: KeyObject
}

/** What enrolment adds to the key pairs. */
export interface Enrolment {
  readonly dataPlaneId: string
  readonly organizationId: string
  readonly signingKeyId: string
  /** The control plane's public key, pinned from now on. */
  readonly signingKey: Record<string, unknown>
}

/** The state directory cannot be used as it is; the message says what to do. */
export class StateDirectoryUnusable extends Error {
  override readonly name = 'StateDirectoryUnusable'
}

const Jwk = Type.Record(Type.String(), Type.Unknown())
const IdentityFile = Type.Object(
  {
    format: Type.Literal(1),
    keys: Type.Object({ signing: Jwk, sealing: Jwk }, { additionalProperties: false }),
    enrolment: Type.Union([
      Type.Null(),
      Type.Object(
        {
          dataPlaneId: Type.String({ minLength: 1 }),
          organizationId: Type.String({ minLength: 1 }),
          signingKeyId: Type.String({ minLength: 1 }),
          signingKey: Jwk,
        },
        { additionalProperties: false },
      ),
    ]),
  },
  { additionalProperties: false },
)
type IdentityFile = Static<typeof IdentityFile>
const parseIdentity = parserOf('identity file', IdentityFile)

/**
 * The identity kept in a state directory. Its key pairs are on disk before they are shown to anyone: an enrolment
 * that is cut off is repeated with the same keys.
 */
export class IdentityStore {
  readonly #path: string
  readonly keys: KeyPairs
  #enrolment: Enrolment | null

  private constructor(path: string, { keys, enrolment }: Pick<IdentityFile, 'keys' | 'enrolment'>) {
    this.#path = path
    this.keys = keys
    this.#enrolment = enrolment
  }

  /** @throws StateDirectoryUnusable when the directory cannot be written, or what it holds cannot be trusted. */
  static async open(directory: string): Promise<IdentityStore> {
    const path = join(directory, 'identity.json')
    try {
      await mkdir(directory, { recursive: true, mode: privateDirectoryMode })
      const file = await readIdentity(path)
      if (file) return new IdentityStore(path, file)
      const store = new IdentityStore(path, { keys: generateKeyPairs(), enrolment: null })
      await store.#write()
      return store
    } catch (error) {
      throw unusable(directory, error)
    }
  }

  /** Undefined until this data plane is enrolled. */
  get identity(): Identity | undefined {
    if (!this.#enrolment) return undefined
    const { dataPlaneId, organizationId, signingKeyId, signingKey } = this.#enrolment
    return {
      dataPlaneId,
      organizationId,
      controlPlane: PinnedKeys.open(join(dirname(this.#path), 'signing-keys.json'), signingKeyId, signingKey),
      privateSigningKey: privateKey(this.keys.signing),
      sealingKey: privateKey(this.keys.sealing),
    }
  }

  async enrolled(enrolment: Enrolment): Promise<void> {
    this.#enrolment = enrolment
    await this.#write()
  }

  async #write(): Promise<void> {
    const file = { format: 1, keys: this.keys, enrolment: this.#enrolment }
    await writeDurably(this.#path, `${JSON.stringify(file, null, 2)}\n`)
  }
}

/** For what lies on one's own disk: it was signed by a key that was believed when it came. */
export function withRetiredKeys(identity: Identity): Identity {
  return { ...identity, controlPlane: identity.controlPlane.withRetired() }
}

async function readIdentity(path: string): Promise<IdentityFile | undefined> {
  const mode = await stat(path).then(
    (found) => found.mode,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    },
  )
  if (mode === undefined) return undefined
  // It holds private keys; a copy or a restore may have widened the mode. Windows has no such bits.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) await chmod(path, 0o600)
  return parseIdentity(await readFile(path, 'utf8'))
}

function unusable(directory: string, error: unknown): Error {
  if (error instanceof ContractViolation) {
    return new StateDirectoryUnusable(
      `${join(directory, 'identity.json')} is damaged (${error.message}): restore it, or remove the directory and enrol again`,
    )
  }
  if (!(error instanceof Error) || !('code' in error)) {
    return error instanceof Error ? error : new Error(String(error))
  }
  return new StateDirectoryUnusable(
    `the state directory ${directory} cannot be used (${error.code}): give this user the right to write there, or set GATEHOUSE_STATE_DIR`,
  )
}
