import fc from 'fast-check'
import { decode } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, it } from 'vitest'
import { countTokens } from '../../../cli/simulator/tokens.ts'
import type { TextPiece } from '../../../plugins/provider/event-texts.ts'
import { FewestTokens } from '../../../plugins/provider/fewest-tokens.ts'
import { cutText } from './stream-dialects.ts'

/** Of the largest vocabulary of OpenAI, without its control tokens. */
const tokens = 199_998
const aToken = fc.integer({ min: 0, max: tokens - 1 })

function fewestTokensOf(pieces: readonly TextPiece[]): number {
  const fewest = new FewestTokens()
  for (const piece of pieces) fewest.add(piece)
  return fewest.count
}

describe('the fewest tokens of a text', () => {
  it('are no more than it has, whichever token is written again and again', () => {
    const times = 12
    const wrong: string[] = []
    for (let token = 0; token < tokens; token++) {
      const text = decode([token]).repeat(times)
      const fewest = fewestTokensOf([
        { place: '', text: ' ' },
        { place: '', text },
      ])
      if (fewest > times) wrong.push(text)
    }
    expect(wrong).toEqual([])
  })

  it('are no more than it has, whatever its tokens and however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(aToken, { maxLength: 60 }),
        fc.array(fc.nat(400), { maxLength: 60 }),
        (written, at) => {
          const pieces = cutText(decode(written), at).map((text) => ({ place: '0 content', text }))
          expect(fewestTokensOf(pieces)).toBeLessThanOrEqual(written.length)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('are the same however texts are cut, and though the pieces of several come by turns', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', '\n', '漢', 'ก', '─'), maxLength: 80 })
    const places = fc.array(fc.nat(80), { maxLength: 20 })
    fc.assert(
      fc.property(text, text, places, places, (one, other, cutsOfOne, cutsOfOther) => {
        const ones = cutText(one, cutsOfOne).map((piece) => ({ place: '0', text: piece }))
        const others = cutText(other, cutsOfOther).map((piece) => ({ place: '1', text: piece }))
        const byTurns = Array.from({ length: Math.max(ones.length, others.length) }, (_, index) =>
          [ones[index], others[index]].filter((piece) => piece !== undefined),
        ).flat()
        const whole = [
          { place: '0', text: one },
          { place: '1', text: other },
        ]
        expect(fewestTokensOf(byTurns)).toBe(fewestTokensOf(whole))
      }),
    )
  })

  it.each([
    ['English', 'A refused call never reaches the provider, and costs nothing but electricity. ', 3],
    ['Chinese', '被拒绝的请求永远不会到达提供商，除了电力之外不花费任何费用。', 20],
    ['without a space or a word', Buffer.from('a key that nobody shall read').toString('base64'), 100],
  ])('are a part of what it has: %s', (_, sentence, part) => {
    const text = sentence.repeat(100)
    expect(fewestTokensOf([{ place: '', text }])).toBeGreaterThanOrEqual(Math.floor(countTokens(text) / part))
  })
})
