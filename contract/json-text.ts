export class JsonTextInvalid extends Error {
  override readonly name = 'JsonTextInvalid'
}

/**
 * What a JSON text says, when everybody who reads it must agree on that: RFC 8259 leaves it open what a name means
 * that an object has twice, and how deep a reader goes.
 *
 * @throws JsonTextInvalid that says what is wrong, without repeating the text, which may hold secrets.
 */
export function parseJsonText(text: string, { mostDepth }: { readonly mostDepth: number }): unknown {
  const value = parse(text)
  /** The names seen in each object around the place; undefined for a list. */
  const around: (Set<string> | undefined)[] = []
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '{' || character === '[') {
      if (around.length === mostDepth) throw new JsonTextInvalid(`is nested more than ${mostDepth} deep`)
      around.push(character === '{' ? new Set() : undefined)
    } else if (character === '}' || character === ']') {
      around.pop()
    } else if (character === '"') {
      const end = endOfString(text, at)
      if (isName(text, end)) addName(around.at(-1), text.slice(at, end))
      at = end - 1
    }
  }
  return value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new JsonTextInvalid('is not JSON')
  }
}

/** Behind the closing quote of the string that begins at a place; the text is known to be JSON. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function isName(text: string, end: number): boolean {
  let at = end
  while (' \t\n\r'.includes(text[at] ?? '.')) at++
  return text[at] === ':'
}

function addName(names: Set<string> | undefined, spelled: string): void {
  const name = String(JSON.parse(spelled))
  if (names?.has(name)) throw new JsonTextInvalid(`names "${name.slice(0, 64)}" twice in one object`)
  names?.add(name)
}
