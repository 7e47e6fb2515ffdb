import { ContractViolation } from '../validation.ts'

/**
 * The documents that lead to one head, in one piece: what the control plane answers to a poll, and what a bootstrap
 * file holds. As untrusted as what comes from the store; each part is the document as the store would hold it.
 */
export interface ConfigurationBundle {
  /** The signed head. */
  readonly head: string
  /** Null where the reader has them, or is not to have any. */
  readonly credentials: string | null
  /** Null where the deltas lead on from what the reader has. */
  readonly snapshot: string | null
  readonly deltas: readonly string[]
}

/** A bundle to be written; a snapshot may be shared by many of them. */
export type WritableBundle = Omit<ConfigurationBundle, 'snapshot'> & {
  readonly snapshot: string | Uint8Array | null
}

const ending = 'end\n'
const lineFeed = 0x0a

/**
 * Of each part its name and its length in bytes in a line, then the document as it is and a line feed. The last line says
 * that nothing is missing.
 */
export function* writeBundle(bundle: WritableBundle): Generator<string | Uint8Array> {
  const { head, credentials, snapshot, deltas } = bundle
  yield* writePart('head', head)
  if (credentials !== null) yield* writePart('credentials', credentials)
  if (snapshot !== null) yield* writePart('snapshot', snapshot)
  for (const delta of deltas) yield* writePart('delta', delta)
  yield ending
}

function* writePart(name: string, document: string | Uint8Array): Generator<string | Uint8Array> {
  yield `${name} ${Buffer.byteLength(document)}\n`
  yield document
  yield '\n'
}

/** @throws ContractViolation when it is none, or not whole. */
export function readBundle(bytes: Buffer): ConfigurationBundle {
  const parts = { head: '', credentials: '', snapshot: '' }
  const deltas: string[] = []
  let at = 0
  while (at < bytes.length - ending.length) {
    const part = readPart(bytes, at)
    if (!part) break
    const { name, document } = part
    if (name === 'delta') deltas.push(document)
    else if (name === 'head' || name === 'credentials' || name === 'snapshot') parts[name] = document
    else break
    at = part.end
  }
  if (parts.head === '' || bytes.toString('utf8', at) !== ending) {
    throw new ContractViolation('configuration bundle rejected: it is torn, or none at all')
  }
  return {
    head: parts.head,
    credentials: parts.credentials || null,
    snapshot: parts.snapshot || null,
    deltas,
  }
}

const longestPartLine = 64

/** Undefined where none is, or not the whole of it. */
function readPart(bytes: Buffer, at: number) {
  const line = bytes.toString('latin1', at, Math.min(bytes.length, at + longestPartLine))
  const [matched, name, length] = /^(\w+) (\d{1,12})\n/.exec(line) ?? []
  if (matched === undefined) return undefined
  const start = at + matched.length
  const end = start + Number(length)
  if (bytes[end] !== lineFeed) return undefined
  return { name, document: bytes.toString('utf8', start, end), end: end + 1 }
}
