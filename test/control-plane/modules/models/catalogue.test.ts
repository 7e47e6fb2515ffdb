import { describe, expect, it } from 'vitest'
import { catalogueModels } from '../../../../control-plane/modules/models/catalogue.ts'

const today = new Date('2026-11-01T00:00:00Z')
const pricesOf = (name: string, day = today) =>
  catalogueModels('openai', day).find((model) => model.name === name)?.prices

describe('the catalogue of OpenAI', () => {
  it('has the list prices, in nano-USD per million tokens', () => {
    expect(pricesOf('gpt-4o-mini')).toEqual({
      inputNanoUsdPerMillionTokens: 150_000_000,
      cachedInputNanoUsdPerMillionTokens: 75_000_000,
      outputNanoUsdPerMillionTokens: 600_000_000,
      imageNanoUsd: 0,
    })
  })

  it('has the prices of sound apart from those of text', () => {
    expect(pricesOf('gpt-audio')).toMatchObject({
      inputNanoUsdPerMillionTokens: 2_500_000_000,
      outputNanoUsdPerMillionTokens: 10_000_000_000,
      audioInputNanoUsdPerMillionTokens: 32_000_000_000,
      audioOutputNanoUsdPerMillionTokens: 64_000_000_000,
    })
  })

  it('has each name once, dated snapshots included, resellers’ spellings excluded', () => {
    const names = catalogueModels('openai', today).map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(expect.arrayContaining(['gpt-4o', 'gpt-4o-2024-08-06', 'text-embedding-3-small']))
    expect(names.filter((name) => name.startsWith('gpt-35') || name.startsWith('gpt-5-1'))).toEqual([])
  })

  it('takes the price of the day', () => {
    expect(pricesOf('o3', new Date('2025-06-09T00:00:00Z'))?.inputNanoUsdPerMillionTokens).toBe(
      10_000_000_000,
    )
    expect(pricesOf('o3')?.inputNanoUsdPerMillionTokens).toBe(2_000_000_000)
  })

  it('never prices a cached token at nothing because the list is silent', () => {
    expect(pricesOf('gpt-4')?.cachedInputNanoUsdPerMillionTokens).toBe(30_000_000_000)
  })

  it('leaves out what is not billed by tokens', () => {
    expect(pricesOf('whisper-1')).toBeUndefined()
  })
})
