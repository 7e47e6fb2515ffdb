import type { KeyObject } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import Type, { type Static } from 'typebox'
import { type KeySet, keyIdOf, keyObjectOf, openKeySet, PublicSigningKey } from '../../contract/key-set.ts'
import { type KeyLookup, SignatureRefused, successionOf } from '../../contract/signed.ts'
import { ContractViolation, checkerOf, parserOf } from '../../contract/validation.ts'
import { privateFileMode } from './durable-file.ts'
import type { BelievedKeys } from './verify.ts'

const KeysFile = Type.Object(
  {
    format: Type.Literal(1),
    /** The key of the enrolment that this follows; another enrolment begins anew. */
    enrolledKeyId: Type.String(),
    version: Type.Integer({ minimum: 0 }),
    trusted: Type.Array(PublicSigningKey, { minItems: 1 }),
    /** Believed before. They still vouch for what lies on this disk. */
    retired: Type.Array(PublicSigningKey),
  },
  { additionalProperties: false },
)
type KeysFile = Static<typeof KeysFile>
const parseKeysFile = parserOf('signing-keys.json', KeysFile)
const checkPublicKey = checkerOf('signing key', PublicSigningKey)

/**
 * The control plane's signing keys that this data plane believes. It begins with the one of the enrolment and changes
 * only by a statement that a believed key has signed.
 */
export class PinnedKeys implements BelievedKeys {
  readonly #path: string | undefined
  readonly #listeners: (() => void)[] = []
  #file: KeysFile
  #byId: ReadonlyMap<string, KeyObject>
  #saved = true

  private constructor(path: string | undefined, file: KeysFile) {
    this.#path = path
    this.#file = file
    this.#byId = byId(file.trusted)
  }

  /**
   * @param path in a file of its own, which a release that knows no successors leaves alone.
   * @throws ContractViolation when it is damaged
   */
  static open(path: string, enrolledKeyId: string, enrolledKey: Record<string, unknown>): PinnedKeys {
    const begun = firstFile(enrolledKey)
    const text = readIfThere(path)
    const file = text === undefined ? begun : parseKeysFile(text)
    return new PinnedKeys(path, file.enrolledKeyId === enrolledKeyId ? file : begun)
  }

  /** Kept nowhere. */
  static of(enrolledKey: Record<string, unknown>): PinnedKeys {
    return new PinnedKeys(undefined, firstFile(enrolledKey))
  }

  get ids(): Iterable<string> {
    return this.#byId.keys()
  }

  /** Whether a statement has changed what the enrolment began with. */
  get hasSucceeded(): boolean {
    return this.#file.version > 0
  }

  readonly find: KeyLookup = (keyId) => this.#byId.get(keyId)

  /** Called after each change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** As these, and the ones that are not believed any more. */
  withRetired(): PinnedKeys {
    const { trusted, retired } = this.#file
    const all = new PinnedKeys(undefined, this.#file)
    all.#byId = byId([...retired, ...trusted])
    return all
  }

  /**
   * Takes up the statements that a head carries. One that no believed key signed, or that is not newer, says nothing.
   * It does not wait: the head behind it may be signed by the new key alone.
   *
   * @throws SignatureRefused when it is no envelope
   */
  learn(envelope: string): void {
    for (const statement of successionOf(envelope)) {
      const set = this.#open(statement)
      if (set && set.version > this.#file.version) this.#adopt(set)
    }
    if (!this.#saved) this.#save()
  }

  #open(statement: string): KeySet | undefined {
    try {
      return openKeySet(statement, this.find)
    } catch (error) {
      if (error instanceof SignatureRefused || error instanceof ContractViolation) return undefined
      throw error
    }
  }

  #adopt({ version, keys }: KeySet): void {
    const stays = new Set(keys.map(keyIdOf))
    const gone = this.#file.trusted.filter((key) => !stays.has(keyIdOf(key)))
    this.#file = { ...this.#file, version, trusted: keys, retired: [...this.#file.retired, ...gone] }
    this.#byId = byId(keys)
    this.#save()
    for (const listener of this.#listeners) listener()
  }

  /** A full disk must not keep a data plane from following its control plane: the next head is another occasion. */
  #save(): void {
    if (this.#path === undefined) return
    try {
      writeDurablySync(this.#path, `${JSON.stringify(this.#file, null, 2)}\n`)
      this.#saved = true
    } catch {
      this.#saved = false
    }
  }
}

function firstFile(enrolledKey: Record<string, unknown>): KeysFile {
  const { kty, crv, x } = enrolledKey
  const key = checkPublicKey({ kty, crv, x })
  return { format: 1, enrolledKeyId: keyIdOf(key), version: 0, trusted: [key], retired: [] }
}

function byId(keys: readonly PublicSigningKey[]): ReadonlyMap<string, KeyObject> {
  return new Map(keys.map((key) => [keyIdOf(key), keyObjectOf(key)]))
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function writeDurablySync(path: string, text: string): void {
  const temporary = `${path}.new`
  withFileSync(temporary, 'w', (file) => {
    writeSync(file, text)
    fsyncSync(file)
  })
  renameSync(temporary, path)
  // As in durable-file.ts.
  if (process.platform !== 'win32') withFileSync(dirname(path), 'r', fsyncSync)
}

function withFileSync(path: string, flags: string, work: (file: number) => void): void {
  const file = openSync(path, flags, privateFileMode)
  try {
    work(file)
  } finally {
    closeSync(file)
  }
}
