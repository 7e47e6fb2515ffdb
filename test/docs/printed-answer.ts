/** The words of the page that stand for values: `$TEAM` is what an earlier answer printed as `"$TEAM"`. */
export type Words = Map<string, string>

const word = /\$([A-Z][A-Z0-9_]*)\b/g

/** The same value with every known word replaced; throws for one that no answer has given. */
export function fillIn(printed: unknown, words: Words): unknown {
  if (typeof printed === 'string') {
    return printed.replaceAll(word, (_, name: string) => {
      const value = words.get(name)
      if (value === undefined) throw new Error(`no answer before gives $${name}`)
      return value
    })
  }
  if (Array.isArray(printed)) return printed.map((item) => fillIn(item, words))
  if (typeof printed !== 'object' || printed === null) return printed
  return Object.fromEntries(Object.entries(printed).map(([name, value]) => [name, fillIn(value, words)]))
}

/**
 * Compares an answer with the printed one and learns new words from it. Texts are compared as they are, but for
 * words, `…`, which stands for any text, and points in time. Of the members of an object
 * none may be missing, and none unprinted unless the page prints `"…": "…"` for the rest.
 *
 * @returns what differs, with its place; nothing when the answer is as printed
 */
export function differences(printed: unknown, actual: unknown, words: Words, place = '$'): string[] {
  if (typeof printed === 'string') return textDifferences(printed, actual, words, place)
  if (Array.isArray(printed)) {
    if (!Array.isArray(actual)) return [`${place} is no list: ${JSON.stringify(actual)}`]
    const length = actual.length === printed.length ? [] : [`${place} has ${actual.length} items`]
    return [
      ...length,
      ...printed.flatMap((item, index) => differences(item, actual[index], words, `${place}[${index}]`)),
    ]
  }
  if (typeof printed === 'object' && printed !== null) return memberDifferences(printed, actual, words, place)
  return printed === actual
    ? []
    : [`${place} is ${JSON.stringify(actual)}, printed ${JSON.stringify(printed)}`]
}

function memberDifferences(printed: object, actual: unknown, words: Words, place: string): string[] {
  if (typeof actual !== 'object' || actual === null) return [`${place} is ${JSON.stringify(actual)}`]
  const members = Object.entries(printed).filter(([name]) => name !== '…')
  const known = new Map(Object.entries(actual))
  const extra = '…' in printed ? [] : [...known.keys()].filter((name) => !(name in printed))
  return [
    ...extra.map((name) => `${place}.${name} is not printed: ${JSON.stringify(known.get(name))}`),
    ...members.flatMap(([name, value]) => differences(value, known.get(name), words, `${place}.${name}`)),
  ]
}

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

function textDifferences(printed: string, actual: unknown, words: Words, place: string): string[] {
  const [, name] = /^\$([A-Z][A-Z0-9_]*)$/.exec(printed) ?? []
  if (name !== undefined && (typeof actual === 'string' || typeof actual === 'number')) {
    if (!words.has(name)) words.set(name, String(actual))
    return words.get(name) === String(actual) ? [] : [`${place} is ${actual}, not $${name}`]
  }
  if (typeof actual !== 'string') return [`${place} is ${JSON.stringify(actual)}, printed "${printed}"`]
  if (instant.test(printed) && instant.test(actual)) return []
  const expected = String(fillIn(printed, words))
  const pattern = expected.split('…').map(RegExp.escape).join('.*')
  return new RegExp(`^${pattern}$`, 's').test(actual) ? [] : [`${place} is "${actual}", printed "${printed}"`]
}
