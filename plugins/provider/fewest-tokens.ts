import type { TextPiece } from './event-texts.ts'

/*
 * The most that one token holds, in the vocabularies of OpenAI (o200k, cl100k, p50k, r50k), Llama 2 and 3, Qwen 3,
 * DeepSeek 3 and Gemma 3: words that begin in it, letters of scripts that are written without spaces, characters but
 * for white space.
 */
const wordsPerToken = 3
const unspacedLettersPerToken = 20
const charactersPerToken = 128

const character = /\S/g
const wordBehindSpace = /(?<=\s)\S/g
/** Thai and Lao, Burmese, Khmer, kana, and the ideographs of the basic plane. */
const unspacedLetter =
  /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]/g

/**
 * Says how many tokens a text surely has, whoever's tokens they are and however it was cut into pieces. It is far less
 * than it probably has: a third of the words, where most words are more than one token.
 */
export class FewestTokens {
  /** Whether each text ends with white space, so that a word begins with its next piece. */
  readonly #endsInSpace = new Map<string, boolean>()
  #words = 0
  #unspacedLetters = 0
  #characters = 0

  add({ place, text }: TextPiece): void {
    const isBehindSpace = this.#endsInSpace.get(place) === true && /^\S/.test(text)
    this.#words += countMatches(text, wordBehindSpace) + (isBehindSpace ? 1 : 0)
    this.#unspacedLetters += countMatches(text, unspacedLetter)
    this.#characters += countMatches(text, character)
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
  return text.match(pattern)?.length ?? 0
}
