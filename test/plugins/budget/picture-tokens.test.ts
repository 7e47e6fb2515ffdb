import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PictureSize } from '../../../plugins/budget/picture-size.ts'
import { pictureTokens } from '../../../plugins/budget/picture-tokens.ts'
import { grant, model, provider } from '../fake-configuration.ts'

type Detail = 'low' | 'high' | 'original' | 'auto'
const details: readonly Detail[] = ['low', 'high', 'original', 'auto']

const ceiling = 50_000
const openai = provider('openai', [], { origin: 'https://api.openai.com' })
const elsewhere = provider('elsewhere')

function bound(size: PictureSize | null, detail: Detail, name: string, at = openai): number {
  const target = { grant: grant(at), model: model('alias', { upstreamName: name }) }
  return pictureTokens({ size, isLowDetail: detail === 'low' }, target, ceiling)
}

/* What follows is written from the words of the documents, for the bound to be compared with. */

/** https://developers.openai.com/api/docs/guides/images-vision, "Model sizing behavior" and "Patch-based image tokenization" */
interface PatchRule {
  readonly maxSide: number
  readonly budget: number
}
const finite = { maxSide: 2_048, budget: 6_144 }
const high = { maxSide: 2_048, budget: 2_500 }
const original = { maxSide: 6_000, budget: 10_000 }
const small = { maxSide: 512, budget: Number.POSITIVE_INFINITY }
const whole = { maxSide: 65_535, budget: Number.POSITIVE_INFINITY }
const older = { maxSide: 2_048, budget: 1_536 }
const patchModels: [name: string, multiplier: number, rules: Record<Detail, PatchRule>][] = [
  ['gpt-5.6-sol', 1.2, { low: small, high, original: whole, auto: whole }],
  ['gpt-5.5', 1.2, { low: small, high, original, auto: original }],
  ['gpt-5.4-mini', 1.2, { low: finite, high, original, auto: high }],
  ['gpt-5.2', 1.2, { low: finite, high: finite, original: finite, auto: finite }],
  ['gpt-4.1-mini', 1.62, { low: finite, high: finite, original: finite, auto: finite }],
  ['gpt-5-mini', 1.62, { low: older, high: older, original: older, auto: older }],
  ['o4-mini', 1.72, { low: older, high: older, original: older, auto: older }],
  ['gpt-4.1-nano', 2.46, { low: older, high: older, original: older, auto: older }],
]

/** Null: "If this count exceeds 30,000 patches, the API rejects the request." */
function patchTokens(size: PictureSize, { maxSide, budget }: PatchRule, multiplier: number): number | null {
  const fit = Math.min(1, maxSide / Math.max(size.width, size.height))
  const width = Math.max(1, Math.round(size.width * fit))
  const height = Math.max(1, Math.round(size.height * fit))
  let patches = Math.ceil(width / 32) * Math.ceil(height / 32)
  if (patches > budget) {
    const shrink = Math.sqrt((32 ** 2 * budget) / (width * height))
    const fitted = (side: number) => Math.floor((side * shrink) / 32) / ((side * shrink) / 32)
    const adjusted = shrink * Math.min(fitted(width), fitted(height))
    patches = Math.ceil(Math.floor(width * adjusted) / 32) * Math.ceil(Math.floor(height * adjusted) / 32)
  }
  return patches > 30_000 ? null : Math.ceil(patches * multiplier)
}

/** The same page, "Tile-based image tokenization" */
const tileModels: [name: string, base: number, tile: number][] = [
  ['gpt-5.1', 70, 140],
  ['gpt-4o', 85, 170],
  ['gpt-4.1', 85, 170],
  ['gpt-4o-mini', 2_833, 5_667],
  ['o3', 75, 150],
  ['computer-use-preview', 65, 129],
]

function tileTokens(size: PictureSize, detail: Detail, base: number, tile: number): number {
  if (detail === 'low') return base
  let { width, height } = size
  const longest = Math.max(width, height)
  if (longest > 2_048)
    [width, height] = [(width * 2_048) / longest, (height * 2_048) / longest].map(Math.floor) as [
      number,
      number,
    ]
  const shortest = Math.min(width, height)
  if (shortest > 768)
    [width, height] = [(width * 768) / shortest, (height * 768) / shortest].map(Math.floor) as [
      number,
      number,
    ]
  return base + tile * Math.ceil(width / 512) * Math.ceil(height / 512)
}

describe('the documented examples', () => {
  it.each([
    ['gpt-5.4', 1_024, 1_024, 1_229],
    ['gpt-5.4', 2_048, 2_048, 3_000],
  ])('%s with high detail, %i × %i: %i tokens', (name, width, height, tokens) => {
    expect(patchTokens({ width, height }, high, 1.2)).toBe(tokens)
    expect(bound({ width, height }, 'high', name)).toBeGreaterThanOrEqual(tokens)
  })

  it('a budget of 1,536 patches, 1800 × 2400: 1,452 patches', () => {
    expect(patchTokens({ width: 1_800, height: 2_400 }, { ...older, maxSide: 6_000 }, 1)).toBe(1_452)
  })

  it.each([
    ['high', 1_024, 1_024, 765],
    ['high', 2_048, 4_096, 1_105],
    ['low', 4_096, 8_192, 85],
  ] as const)('gpt-4o with %s detail, %i × %i: %i tokens', (detail, width, height, tokens) => {
    expect(tileTokens({ width, height }, detail, 85, 170)).toBe(tokens)
    expect(bound({ width, height }, detail, 'gpt-4o')).toBeGreaterThanOrEqual(tokens)
  })

  // https://ai.google.dev/gemini-api/docs/tokens and https://docs.together.ai/docs/vision-overview
  it.each([
    ['gemini-2.5-flash', 384, 384, 258],
    ['gemini-2.5-flash', 960, 540, 6 * 258],
    ['gemini-2.5-flash', 7_680, 7_680, 100 * 258],
    ['Llama-3.2-90B-Vision', 561, 561, 6_404],
  ])('%s whatever the detail, %i × %i: %i tokens', (name, width, height, tokens) => {
    for (const detail of details) {
      expect(bound({ width, height }, detail, name, elsewhere)).toBeGreaterThanOrEqual(tokens)
    }
  })
})

describe('the bound of a picture', () => {
  const side = fc.oneof(fc.integer({ min: 1, max: 700 }), fc.integer({ min: 1, max: 9_000 }))
  const sizes = fc.record({ width: side, height: side })
  const anyDetail = fc.constantFrom(...details)

  it('is never below what any model is documented to bill for it, at OpenAI or elsewhere [B1]', () => {
    fc.assert(
      fc.property(sizes, anyDetail, fc.constantFrom(openai, elsewhere), (size, detail, at) => {
        for (const [name, multiplier, rules] of patchModels) {
          const tokens = patchTokens(size, rules[detail], multiplier)
          if (tokens !== null) expect(bound(size, detail, name, at)).toBeGreaterThanOrEqual(tokens)
        }
        for (const [name, base, tile] of tileModels) {
          expect(bound(size, detail, name, at)).toBeGreaterThanOrEqual(tileTokens(size, detail, base, tile))
        }
      }),
      { seed: 45, numRuns: 3_000 },
    )
  })

  it('is that of the dearest model wherever a name may mean any model', () => {
    fc.assert(
      fc.property(sizes, anyDetail, (size, detail) => {
        const dearest = tileTokens(size, detail, 2_833, 5_667)
        expect(bound(size, detail, 'gpt-4o', elsewhere)).toBeGreaterThanOrEqual(dearest)
        expect(bound(size, detail, 'ft:gpt-4o-mini-2024-07-18:acme', openai)).toBeGreaterThanOrEqual(dearest)
      }),
      { seed: 46, numRuns: 500 },
    )
  })

  it('is close to the truth where the model is known: a megapixel at OpenAI is no 4,000 tokens', () => {
    expect(bound({ width: 1_024, height: 1_024 }, 'high', 'gpt-4o')).toBeLessThan(4_000)
  })

  it('is the ceiling where its dimensions are not known, and never more', () => {
    expect(bound(null, 'low', 'gpt-4o')).toBe(ceiling)
    expect(bound({ width: 1, height: 1_000_000 }, 'high', 'gemini-2.5-flash', elsewhere)).toBe(ceiling)
  })
})
