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

const ending = 'end'
const lineFeed = 0x0a
/** A part's name and length stand on a line of their own, far shorter than this. */
const longestLine = 64

/**
 * Each document behind a line that says which part it is and how many bytes it has, so that none has to be escaped. The
 * last line says that nothing is missing.
 */
export function* writeBundle(bundle: WritableBundle): Generator<string | Uint8Array> {
  const { head, credentials, snapshot, deltas } = bundle
  yield* writePart('head', head)
  if (credentials !== null) yield* writePart('credentials', credentials)
  if (snapshot !== null) yield* writePart('snapshot', snapshot)
  for (const delta of deltas) yield* writePart('delta', delta)
  yield `${ending}\n`
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
  for (let from = 0; from < bytes.length; ) {
    const lineEnd = bytes.subarray(from, from + longestLine).indexOf(lineFeed)
    if (lineEnd < 0) break
    const line = bytes.toString('utf8', from, from + lineEnd)
    from += lineEnd + 1
    if (line === ending) {
      if (parts.head === '' || from !== bytes.length) break
      return {
        head: parts.head,
        credentials: parts.credentials || null,
        snapshot: parts.snapshot || null,
        deltas,
      }
    }
    const [, name, length] = /^(head|credentials|snapshot|delta) (\d+)$/.exec(line) ?? []
    const to = from + Number(length)
    if (name === undefined || bytes[to] !== lineFeed) break
    const document = bytes.toString('utf8', from, to)
    from = to + 1
    if (name === 'delta') deltas.push(document)
    else parts[name as keyof typeof parts] = document
  }
  throw new ContractViolation('configuration bundle rejected: it is torn, or none at all')
}
