import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { isCollection, LineCounter, type Node, parseDocument } from 'yaml'
import { CommandFailed } from '../client/failures.ts'

/** A file as it was written: what it says, and where it says it. */
export interface SourceFile {
  /** As the operator named it. */
  readonly name: string
  readonly document: unknown
  /** `gatehouse.yaml:12:5`, for a JSON Pointer; the nearest place that there is. */
  placeOf(pointer: string): string
}

const largestBytes = 900_000

/**
 * Reads a YAML or JSON file; `-` is stdin.
 *
 * @throws CommandFailed naming the line of every mistake of syntax.
 */
export async function readSourceFile(path: string): Promise<SourceFile> {
  const name = path === '-' ? '<stdin>' : path
  return parseSource(name, await readText(path, name))
}

/** @throws CommandFailed */
export function parseSource(name: string, content: string): SourceFile {
  if (Buffer.byteLength(content) > largestBytes) {
    throw new CommandFailed(`${name} has more than ${largestBytes} bytes: apply it in parts`, 2)
  }
  const lines = new LineCounter()
  const parsed = parseDocument(content, { lineCounter: lines, prettyErrors: false, version: '1.2' })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${name}:${line}:${col}`
  }
  const mistakes = [...parsed.errors, ...parsed.warnings]
  if (mistakes.length > 0) {
    throw new CommandFailed(mistakes.map(({ pos, message }) => `${at(pos[0])} ${message}`).join('\n'), 2)
  }
  return {
    name,
    document: toValue(name, () => parsed.toJS({ maxAliasCount: 100 })),
    placeOf: (pointer) => at(offsetOf(parsed.contents, pointer)),
  }
}

async function readText(path: string, name: string): Promise<string> {
  try {
    return path === '-' ? await text(process.stdin) : await readFile(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandFailed(`${name} cannot be read: ${reason}`, 2)
  }
}

/** Aliases can stand for more than memory holds; the library refuses them then. */
function toValue(name: string, convert: () => unknown): unknown {
  try {
    return convert()
  } catch (error) {
    throw new CommandFailed(`${name}: ${error instanceof Error ? error.message : String(error)}`, 2)
  }
}

function offsetOf(contents: Node | null, pointer: string): number {
  let node: Node | null = contents
  let offset = node?.range?.[0] ?? 0
  for (const step of pointer.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (!isCollection(node)) break
    const member = memberOf(node, key)
    if (!member) break
    offset = member.offset
    node = member.value
  }
  return offset
}

interface Member {
  readonly offset: number
  readonly value: Node | null
}

/** Of a mapping the key's place, which is where a person looks; of a list the entry's. */
function memberOf(node: Node, key: string): Member | undefined {
  if (!isCollection(node)) return undefined
  for (const [index, item] of node.items.entries()) {
    if (isPair(item)) {
      if (String(scalarOf(item.key)) === key) return { offset: startOf(item.key), value: nodeOf(item.value) }
    } else if (String(index) === key) return { offset: startOf(item), value: nodeOf(item) }
  }
  return undefined
}

function isPair(item: unknown): item is { key: unknown; value: unknown } {
  return typeof item === 'object' && item !== null && 'key' in item && 'value' in item
}

function scalarOf(key: unknown): unknown {
  return typeof key === 'object' && key !== null && 'value' in key ? key.value : key
}

function nodeOf(value: unknown): Node | null {
  return typeof value === 'object' && value !== null ? (value as Node) : null
}

function startOf(node: unknown): number {
  return nodeOf(node)?.range?.[0] ?? 0
}
