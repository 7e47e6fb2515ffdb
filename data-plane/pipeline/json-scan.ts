/*
 * Walks JSON bytes without building values. Strings are skipped with `indexOf`, so that a prompt of many kilobytes
 * costs little more than one pass of memchr.
 */

/** Deeper nesting than this is refused: no API of ours needs it, and a recursive reader behind us may not survive it. */
export const maxDepth = 128

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
/** Most member names and short values end within so many bytes; a native call costs more than the loop. */
const nearBytes = 32

/** The bytes are no JSON value, as far as they were looked at. */
export class MalformedJson extends Error {
  override readonly name = 'MalformedJson'
}

/** The first offset at or after `at` that is not JSON white space. */
export function skipSpace(bytes: Buffer, at: number): number {
  let offset = at
  for (;;) {
    const byte = bytes[offset]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return offset
    offset++
  }
}

/**
 * The offset just behind the string whose opening quote is at `at`.
 *
 * @throws MalformedJson when the string has no end.
 */
export function skipString(bytes: Buffer, at: number): number {
  let offset = at + 1
  for (;;) {
    const near = Math.min(offset + nearBytes, bytes.length)
    while (offset < near) {
      const byte = bytes[offset]
      if (byte === quote) return offset + 1
      offset += byte === backslash ? 2 : 1
    }
    const end = bytes.indexOf(quote, offset)
    if (end < 0) throw new MalformedJson('a string has no end')
    if (!isEscaped(bytes, offset, end)) return end + 1
    offset = end + 1
  }
}

/** Whether the quote at `end` is escaped; `from` is the start of a character that is not. */
function isEscaped(bytes: Buffer, from: number, end: number): boolean {
  let before = end - 1
  while (before >= from && bytes[before] === backslash) before--
  // An even number of backslashes escape each other and leave the quote alone.
  return (end - before) % 2 === 0
}

/** Kinds of the containers that are open, outermost first; the scanner is synchronous, so one is enough. */
const open = new Uint8Array(maxDepth)

/**
 * The offset just behind the object or array that opens at `at`. Its brackets match; what stands between them is the
 * provider's to judge.
 *
 * @throws MalformedJson when it has no end, is nested deeper than `maxDepth`, or its brackets do not match.
 */
function skipContainer(bytes: Buffer, at: number): number {
  let depth = 0
  let offset = at
  const end = bytes.length
  while (offset < end) {
    const byte = bytes[offset]
    if (byte === quote) {
      offset = skipString(bytes, offset)
      continue
    }
    if (byte === openBrace || byte === openBracket) {
      if (depth === maxDepth) throw new MalformedJson(`nested deeper than ${maxDepth}`)
      open[depth++] = byte
    } else if (byte === closeBrace || byte === closeBracket) {
      // In ASCII a closing bracket is its opening one plus two.
      if (open[--depth] !== byte - 2) throw new MalformedJson('brackets do not match')
      if (depth === 0) return offset + 1
    }
    offset++
  }
  throw new MalformedJson('an object or array has no end')
}

const scalar = /^(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)$/

/**
 * The offset just behind the number or literal at `at`.
 *
 * @throws MalformedJson when it is neither.
 */
function skipScalar(bytes: Buffer, at: number): number {
  let offset = at
  for (;;) {
    const byte = bytes[offset]
    const ends = byte === undefined || byte === 0x2c || byte === closeBrace || byte <= 0x20
    if (ends) break
    offset++
  }
  if (offset === at || offset - at > 64 || !scalar.test(bytes.toString('latin1', at, offset))) {
    throw new MalformedJson('expected a value')
  }
  return offset
}

/**
 * The offset just behind the value that starts at `at`.
 *
 * @throws MalformedJson
 */
export function skipValue(bytes: Buffer, at: number): number {
  const byte = bytes[at]
  if (byte === quote) return skipString(bytes, at)
  if (byte === openBrace || byte === openBracket) return skipContainer(bytes, at)
  return skipScalar(bytes, at)
}
