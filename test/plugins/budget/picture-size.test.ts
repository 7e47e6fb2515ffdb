import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pictureSize } from '../../../plugins/budget/picture-size.ts'
import { canvas, chunk, frame, jpeg, losslessFrame, lossyFrame, png, riff, segment } from './files.ts'

const side = (max: number) => fc.integer({ min: 1, max })

describe('dimensions are read', () => {
  const formats: [string, number, (width: number, height: number) => Buffer][] = [
    ['PNG', 2 ** 31 - 1, png],
    [
      'JPEG',
      65_535,
      (width, height) => jpeg(segment(0xe1, Buffer.alloc(999)), segment(0xc2, frame(width, height))),
    ],
    ['lossy WebP', 16_383, (width, height) => riff('WEBP', lossyFrame(width, height))],
    ['lossless WebP', 16_383, (width, height) => riff('WEBP', losslessFrame(width, height))],
    [
      'WebP with a profile',
      16_383,
      (width, height) =>
        riff('WEBP', canvas(width, height), chunk('ICCP', Buffer.alloc(33)), lossyFrame(width, height)),
    ],
  ]
  it.each(formats)('%s', (_, max, write) => {
    fc.assert(
      fc.property(side(max), side(max), (width, height) => {
        expect(pictureSize(write(width, height))).toEqual({ width, height })
      }),
      { seed: 5 },
    )
  })
})

describe('whoever writes small dimensions where no decoder looks is counted by the large ones', () => {
  const large = { width: 4_000, height: 3_000 }
  const largeFrame = segment(0xc0, frame(4_000, 3_000))
  const fake = segment(0xc0, frame(1, 1))
  it.each([
    ['in a comment behind fill bytes', jpeg(Buffer.from([0xff, 0xff]), segment(0xfe, fake), largeFrame)],
    ['in a thumbnail', jpeg(segment(0xe1, jpeg(fake)), largeFrame)],
    ['in a second frame', jpeg(fake, largeFrame)],
    ['in a second frame behind', jpeg(largeFrame, fake)],
    ['of the canvas', riff('WEBP', canvas(1, 1), lossyFrame(4_000, 3_000))],
    ['of the frame', riff('WEBP', canvas(4_000, 3_000), lossyFrame(1, 1))],
  ])('%s', (_, file) => {
    expect(pictureSize(file)).toEqual(large)
  })
})

describe('dimensions that are not certain are not known', () => {
  it.each([
    ['a GIF, whose frames may be larger than its screen', Buffer.from('GIF89a\x01\0\x01\0')],
    ['an animation', riff('WEBP', canvas(9, 9), chunk('ANMF', Buffer.alloc(40)))],
    ['a height that follows the picture', jpeg(segment(0xc0, frame(4_000, 0)))],
    [
      'a JPEG whose markers are not where their lengths say',
      jpeg(Buffer.alloc(3), segment(0xc0, frame(9, 9))),
    ],
    [
      'a PNG that begins otherwise',
      Buffer.concat([png(9, 9).subarray(0, 12), Buffer.from('CgBI'), png(9, 9)]),
    ],
    ['a PNG of nothing', png(0, 9)],
    ['nothing', Buffer.alloc(0)],
  ])('%s', (_, file) => {
    expect(pictureSize(file)).toBeNull()
  })

  it('and no file is too broken or cut too short to be looked at', () => {
    const files = [
      png(640, 480),
      jpeg(segment(0xe0, Buffer.alloc(20)), segment(0xc0, frame(640, 480))),
      riff('WEBP', canvas(640, 480), losslessFrame(640, 480)),
    ]
    const at = fc.nat({ max: 80 })
    fc.assert(
      fc.property(
        fc.constantFrom(...files),
        at,
        fc.array(fc.tuple(at, fc.nat({ max: 255 })), { maxLength: 4 }),
        (file, end, marks) => {
          const broken = Buffer.from(file.subarray(0, end))
          for (const [index, byte] of marks) if (index < broken.length) broken[index] = byte
          const size = pictureSize(broken)
          if (size) expect(Math.min(size.width, size.height)).toBeGreaterThan(0)
        },
      ),
      { seed: 6, numRuns: 2_000 },
    )
  })
})
