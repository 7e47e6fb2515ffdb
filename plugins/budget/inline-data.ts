/** A file that stands in a JSON body as base64. */
export interface InlineData {
  readonly file: Buffer
  /** So many bytes of the body are this file and no text. */
  readonly bodyBytes: number
}

const pictureUrl = /^data:image\/[a-z0-9.+-]{1,50};base64,/i

/** What a data URL of a picture holds; null where a decoder might hold it for something else. */
export function readPictureUrl(url: string): InlineData | null {
  const [prefix] = pictureUrl.exec(url) ?? []
  return prefix === undefined ? null : readBase64(url.slice(prefix.length))
}

/** Null: it is not the one way in which base64 is written, which decoders read alike. */
export function readBase64(text: string): InlineData | null {
  const file = Buffer.from(text, 'base64')
  return file.length > 0 && file.toString('base64') === text ? { file, bodyBytes: text.length } : null
}
