import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { audioTokens } from '../../../plugins/budget/audio-tokens.ts'
import { chunk, mp3, riff, wav } from './files.ts'

/** https://developers.openai.com/api/docs/guides/realtime-costs: "1 token per 100 ms of audio" in user messages */
const openaiTokens = (seconds: number) => Math.ceil(seconds * 10)
/** https://ai.google.dev/gemini-api/docs/audio: "Gemini represents each second of audio as 32 tokens" */
const googleTokens = (seconds: number) => Math.ceil(seconds * 32)
const speech = { perSecond: 24_000, channels: 1, bits: 16 }

describe('sound is never counted as less than any provider documents', () => {
  const seconds = fc.double({ min: 0, max: 30, noNaN: true })

  it('of WAV, whatever byte rate its header tells', () => {
    const samples = fc.record({
      perSecond: fc.constantFrom(8_000, 16_000, 24_000),
      channels: fc.integer({ min: 1, max: 2 }),
      bits: fc.constantFrom(8, 16, 24, 32),
      seconds,
    })
    fc.assert(
      fc.property(samples, fc.nat(), (of, byteRate) => {
        const tokens = audioTokens(wav(of, 1, byteRate), 'wav')
        const played = Math.round(of.perSecond * of.seconds) / of.perSecond
        expect(tokens).toBeGreaterThanOrEqual(Math.max(openaiTokens(played), googleTokens(played)))
        expect(tokens).toBeLessThanOrEqual(googleTokens(played) + 1 + (44 * 32) / of.perSecond)
      }),
      { seed: 7, numRuns: 60 },
    )
  })

  it('of MP3, at the lowest bit rate', () => {
    fc.assert(
      fc.property(seconds, (of) => {
        expect(audioTokens(mp3(of + 1), 'mp3')).toBeGreaterThanOrEqual(googleTokens(of + 1))
      }),
      { seed: 8, numRuns: 60 },
    )
  })
})

it('a minute of speech is not a token for each of its bytes', () => {
  expect(audioTokens(wav({ ...speech, bits: 8, perSecond: 8_000, seconds: 60 }), 'wav')).toBeLessThan(
    60 * 32 + 2,
  )
  expect(audioTokens(mp3(60), 'mp3')).toBeLessThan(60 * 32 + 40)
})

describe('sound whose length is not certain is not bounded', () => {
  const file = wav({ ...speech, seconds: 1 })
  const format = file.subarray(12, 36)
  it.each([
    ['another format', file, 'flac'],
    ['no format', file, undefined],
    ['a WAV that is none', Buffer.alloc(99), 'wav'],
    ['an MP3 that is none', file, 'mp3'],
    ['compressed samples', wav({ ...speech, seconds: 1 }, 0x55), 'wav'],
    ['samples of less than a byte', wav({ ...speech, bits: 4, seconds: 2 }), 'wav'],
    ['no samples in a second', wav({ ...speech, perSecond: 0, seconds: 1 }), 'wav'],
    [
      'more samples in a second than anybody records',
      wav({ ...speech, perSecond: 400_000, seconds: 0.01 }),
      'wav',
    ],
    ['two descriptions', riff('WAVE', format, format, chunk('data', Buffer.alloc(9))), 'wav'],
    [
      'a description behind a chunk that decoders skip differently',
      riff('WAVE', chunk('LIST', Buffer.alloc(3)), format, chunk('data', Buffer.alloc(9))),
      'wav',
    ],
    ['no description', riff('WAVE', chunk('data', Buffer.alloc(9))), 'wav'],
    ['a description that is cut', riff('WAVE', format).subarray(0, 30), 'wav'],
    ['frames of any bit rate', Buffer.from('fff30800', 'hex'), 'mp3'],
    ['frames of another layer', Buffer.from('fff51800', 'hex'), 'mp3'],
    ['a tag and nothing behind', Buffer.from('49443304000000007f7f', 'hex'), 'mp3'],
  ])('%s', (_, bytes, name) => {
    expect(audioTokens(bytes, name)).toBeNull()
  })
})
