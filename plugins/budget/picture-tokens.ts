import type { Target } from 'gatehouse/plugin-sdk/builtin'
import type { PictureSize } from './picture-size.ts'

/** A picture that a body itself carries. */
export interface Picture {
  /** Null: not known, or not certain. */
  readonly size: PictureSize | null
  readonly isLowDetail: boolean
}

type Rule = (size: PictureSize, isLowDetail: boolean) => number

/** OpenAI, "Patch-based image tokenization": whatever the detail, for what `low` does differs between models. */
const patches: Rule = (size) => {
  const count = squares(size, 32)
  const original = Math.ceil(1.2 * Math.min(count, 30_000))
  const dearestOfOlderModels = Math.ceil(2.46 * Math.min(count, 6_144))
  // "Floating-point rounding can make the final count differ by one token."
  return 1 + Math.max(original, dearestOfOlderModels)
}

/** OpenAI, "Tile-based image tokenization": into 2048 × 2048, the shortest side down to 768, 512-pixel squares. */
function tiles(baseTokens: number, tileTokens: number): Rule {
  return (size, isLowDetail) => {
    if (isLowDetail) return baseTokens
    const { width, height } = size
    const scale = Math.min(1, 2048 / Math.max(width, height), 768 / Math.min(width, height))
    return baseTokens + tileTokens * squares({ width: width * scale, height: height * scale }, 512)
  }
}

const tilesOfMost = tiles(85, 170)
const tilesOfGpt4oMini = tiles(2833, 5667)

/** Google, "Understand and count tokens": 258 for each tile, by either of the two ways in which it is documented. */
const googleTiles: Rule = (size) => {
  const shortest = Math.min(size.width, size.height)
  const unit = Math.max(1, Math.min(768, Math.floor(shortest / 1.5)))
  return (
    258 * Math.max(squares(size, 768), Math.max(size.width, size.height) <= 384 ? 1 : squares(size, unit))
  )
}

/** Together, "Vision": Llama's tiles of 560 pixels, two by two at most. */
const llamaTiles: Rule = ({ width, height }) =>
  1601 * squares({ width: Math.min(width, 1120), height: Math.min(height, 1120) }, 560)

const openai: readonly Rule[] = [patches, tilesOfMost]
const all: readonly Rule[] = [patches, tilesOfGpt4oMini, googleTiles, llamaTiles]

const openaiOrigin = /^https:\/\/(?:[a-z]+\.)?api\.openai\.com$/

/**
 * The most tokens that a picture is billed as under any documented rule that may hold for the model. Elsewhere than at
 * OpenAI a model's name says nothing certain of it.
 *
 * @param ceiling for one whose dimensions are not known, and for every one
 */
export function pictureTokens(
  { size, isLowDetail }: Picture,
  { grant, model }: Target,
  ceiling: number,
): number {
  if (!size) return ceiling
  const isOpenai = openaiOrigin.test(grant.provider.origin) && !model.upstreamName.includes('gpt-4o-mini')
  const rules = isOpenai ? openai : all
  return Math.min(ceiling, Math.max(...rules.map((rule) => rule(size, isLowDetail))))
}

/** How many squares cover a picture. */
function squares({ width, height }: PictureSize, side: number): number {
  return Math.ceil(width / side) * Math.ceil(height / side)
}
