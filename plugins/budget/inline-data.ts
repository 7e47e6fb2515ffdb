/** Base64 as it stands in a JSON body. */
export interface InlineData {
  /** Of the string that is no text; it is ASCII, so that this many bytes of the body are taken by it at least. */
  readonly bytes: number
  readonly base64: string
}

const pictureUrl = /^data:image\/[a-z0-9.+-]+;base64,/i
const canonical = /^[A-Za-z0-9+/]+={0,2}$/

/** What a data URL of a picture holds; null where a decoder might hold it for something else. */
export function readPictureUrl(url: string): InlineData | null {
  const [prefix] = pictureUrl.exec(url) ?? []
  return prefix === undefined ? null : readBase64(url.slice(prefix.length))
}

export function readBase64(base64: string): InlineData | null {
  return canonical.test(base64) ? { bytes: base64.length, base64 } : null
}
