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

/**
 * One document a line, behind the name of its part: none of them holds a line feed, and so none has to be escaped. The
 * last line says that nothing is missing.
 */
export function* writeBundle(bundle: WritableBundle): Generator<string | Uint8Array> {
  const { head, credentials, snapshot, deltas } = bundle
  yield `head ${head}\n`
  if (credentials !== null) yield `credentials ${credentials}\n`
  if (snapshot !== null) {
    yield 'snapshot '
    yield snapshot
    yield '\n'
  }
  for (const delta of deltas) yield `delta ${delta}\n`
  yield `${ending}\n`
}

/** @throws ContractViolation when it is none, or not whole. */
export function readBundle(bytes: Buffer): ConfigurationBundle {
  const parts = { head: '', credentials: '', snapshot: '' }
  const deltas: string[] = []
  for (let from = 0; from < bytes.length; ) {
    const to = bytes.indexOf(lineFeed, from)
    if (to < 0) break
    const line = bytes.toString('utf8', from, to)
    from = to + 1
    if (line === ending) {
      if (parts.head === '' || from !== bytes.length) break
      return {
        head: parts.head,
        credentials: parts.credentials || null,
        snapshot: parts.snapshot || null,
        deltas,
      }
    }
    const space = line.indexOf(' ')
    const [name, document] = [line.slice(0, space), line.slice(space + 1)]
    if (name === 'delta') deltas.push(document)
    else if (name === 'head' || name === 'credentials' || name === 'snapshot') parts[name] = document
    else break
  }
  throw new ContractViolation('configuration bundle rejected: it is torn, or none at all')
}
