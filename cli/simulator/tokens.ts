import { decode, encode } from 'gpt-tokenizer/encoding/o200k_base'

/** Text of a caller is text, also where it looks like a control token. */
const asPlainText = { disallowedSpecial: new Set<string>() }

export function countTokens(text: string): number {
  return encode(text, asPlainText).length
}

/** The text of each token, in order; joined they are the text again, as long as it is ASCII. */
export function splitTokens(text: string): string[] {
  return encode(text, asPlainText).map((token) => decode([token]))
}
