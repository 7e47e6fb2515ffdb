import type { TextPiece } from './event-texts.ts'

/*
 * The most that one token holds, in the vocabularies of OpenAI (o200k, cl100k, p50k, r50k), Llama 2 and 3, Qwen 3,
 * DeepSeek 3 and Gemma 3: letters of scripts that are written without spaces, and characters but for white space. In none
 * of them does more than one word begin in a token; some that are not in use yet join two that often follow each other.
 */
const wordsPerToken = 2
const unspacedLettersPerToken = 20
const charactersPerToken = 128

/** Of the texts of an answer; one that has more is none that a client could read. */
const maxPlaces = 1_000

const characters = /\S+/g
/** Signs may share a token with the white space between them: only letters and digits begin a word. */
const wordBehindSpace = /(?<=\s)[\p{L}\p{N}]/gu
const wordAtStart = /^[\p{L}\p{N}]/u
/** Thai and Lao, Burmese, Khmer, kana, and the ideographs of the basic plane. */
const unspacedLetters =
  /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+/g

/**
 * Says how many tokens a text surely has, whoever's tokens they are and however it was cut into pieces. It is far less
 * than it probably has: half of the words, where most words are more than one token.
 */
export class FewestTokens {
  /** Whether each text ends with white space, so that a word begins with its next piece. */
  readonly #endsInSpace = new Map<string, boolean>()
  #words = 0
  #unspacedLetters = 0
  #characters = 0

  add({ place, text }: TextPiece): void {
    const isBehindSpace = this.#endsInSpace.get(place) === true && wordAtStart.test(text)
    this.#words += countMatches(text, wordBehindSpace) + (isBehindSpace ? 1 : 0)
    this.#unspacedLetters += lengthOfMatches(text, unspacedLetters)
    this.#characters += lengthOfMatches(text, characters)
    if (this.#endsInSpace.size >= maxPlaces) this.#endsInSpace.clear()
    this.#endsInSpace.set(place, /\s$/.test(text))
  }

  get count(): number {
    return Math.floor(
      Math.max(
        this.#words / wordsPerToken,
        this.#unspacedLetters / unspacedLettersPerToken,
        this.#characters / charactersPerToken,
      ),
    )
  }
}

function countMatches(text: string, pattern: RegExp): number {
  let count = 0
  for (const _match of text.matchAll(pattern)) count++
  return count
}

function lengthOfMatches(text: string, pattern: RegExp): number {
  let length = 0
  for (const [match] of text.matchAll(pattern)) length += match.length
  return length
}
