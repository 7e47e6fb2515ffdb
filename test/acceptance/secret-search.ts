/**
 * Finds secrets in bytes, in whatever form a store, a log or an envelope may hold them: plain, UTF-16, hexadecimal,
 * percent- or JSON-escaped, base64 in any alignment, and base64 of these once more.
 */
export class SecretSearch {
  /** By their first four bytes. */
  readonly #needles = new Map<number, { readonly name: string; readonly bytes: Buffer }[]>()
  /** Which pairs of bytes begin a needle: most positions are passed by after this look. */
  readonly #pairs = new Uint8Array(65_536)

  /** @param secrets by a name for messages; only a random part of each is looked for, so that a cut one is found */
  constructor(secrets: Readonly<Record<string, string>>) {
    for (const [name, secret] of Object.entries(secrets)) {
      for (const [form, bytes] of formsOf(randomPart(secret))) this.#add(`${name} (${form})`, bytes)
    }
  }

  /** Names what was found, each once. */
  find(text: string | Buffer): string[] {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text
    const found = new Set<string>()
    for (let at = 0; at + 4 <= bytes.length; at++) {
      const pair = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
      if (this.#pairs[pair] === 0) continue
      for (const needle of this.#needles.get(bytes.readUInt32BE(at)) ?? []) {
        if (bytes.subarray(at, at + needle.bytes.length).equals(needle.bytes)) found.add(needle.name)
      }
    }
    return [...found]
  }

  #add(name: string, bytes: Buffer): void {
    const start = bytes.readUInt32BE(0)
    this.#pairs[start >>> 16] = 1
    const same = this.#needles.get(start)
    if (same) same.push({ name, bytes })
    else this.#needles.set(start, [{ name, bytes }])
  }
}

/** The last 24 letters and digits of base64url in a row, which no escaping of JSON changes. */
function randomPart(secret: string): string {
  const parts = secret.match(/[\w-]{24,}/g)
  const last = parts?.at(-1)
  if (last === undefined) throw new Error('a secret to look for needs 24 letters or digits in a row')
  return last.slice(-24)
}

export function formsOf(text: string): Map<string, Buffer> {
  const forms = new Map<string, Buffer>()
  const hex = Buffer.from(text).toString('hex')
  const escaped = (prefix: string, digits: number) =>
    Array.from(text, (letter) => `${prefix}${letter.charCodeAt(0).toString(16).padStart(digits, '0')}`).join(
      '',
    )
  forms.set('plain', Buffer.from(text))
  forms.set('utf-16', Buffer.from(text, 'utf16le'))
  forms.set('hex', Buffer.from(hex))
  forms.set('upper-case hex', Buffer.from(hex.toUpperCase()))
  forms.set('json-escaped', Buffer.from(escaped('\\u', 4)))
  forms.set('percent-encoded', Buffer.from(escaped('%', 2)))
  for (const [name, bytes] of base64FormsOf(Buffer.from(text))) {
    forms.set(name, bytes)
    for (const [again, twice] of base64FormsOf(bytes)) forms.set(`${again} of ${name}`, twice)
  }
  return forms
}

/** The characters of a base64 text that depend on these bytes alone, for each place they may have in it. */
function base64FormsOf(bytes: Buffer): [string, Buffer][] {
  const forms: [string, Buffer][] = []
  for (const encoding of ['base64', 'base64url'] as const) {
    for (const shift of [0, 1, 2]) {
      const padded = Buffer.concat([Buffer.alloc(shift), bytes])
      const from = Math.ceil((shift * 8) / 6)
      const to = Math.floor((padded.length * 8) / 6)
      forms.push([`${encoding}+${shift}`, Buffer.from(padded.toString(encoding).slice(from, to))])
    }
  }
  return forms
}
