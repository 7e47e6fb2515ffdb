/** Files as far as somebody who wants to know their size reads them. */

const pngStart = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')

export function png(width: number, height: number): Buffer {
  const dimensions = Buffer.alloc(8)
  dimensions.writeUInt32BE(width, 0)
  dimensions.writeUInt32BE(height, 4)
  return Buffer.concat([pngStart, dimensions, Buffer.from('0806000000', 'hex')])
}

/** A segment of a JPEG: its marker and what stands in it. */
export function segment(marker: number, content: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(content.length + 2, 2)
  return Buffer.concat([head, content])
}

export function frame(width: number, height: number): Buffer {
  const content = Buffer.from([8, 0, 0, 0, 0, 1, 1, 0x11, 0])
  content.writeUInt16BE(height, 1)
  content.writeUInt16BE(width, 3)
  return content
}

export function jpeg(...segments: readonly Buffer[]): Buffer {
  const scan = segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0]))
  return Buffer.concat([Buffer.from([0xff, 0xd8]), ...segments, scan, Buffer.alloc(8)])
}

export function chunk(name: string, content: Buffer): Buffer {
  const head = Buffer.from(`${name}\0\0\0\0`, 'latin1')
  head.writeUInt32LE(content.length, 4)
  return Buffer.concat([head, content, Buffer.alloc(content.length % 2)])
}

export function riff(kind: string, ...chunks: readonly Buffer[]): Buffer {
  return chunk('RIFF', Buffer.concat([Buffer.from(kind, 'latin1'), ...chunks]))
}

export function lossyFrame(width: number, height: number): Buffer {
  const content = Buffer.from('0000009d012a00000000', 'hex')
  content.writeUInt16LE(width, 6)
  content.writeUInt16LE(height, 8)
  return chunk('VP8 ', content)
}

export function losslessFrame(width: number, height: number): Buffer {
  const content = Buffer.alloc(12)
  content[0] = 0x2f
  content.writeUInt32LE(width - 1 + (height - 1) * 2 ** 14, 1)
  return chunk('VP8L', content)
}

export function canvas(width: number, height: number): Buffer {
  const content = Buffer.alloc(10)
  content.writeUIntLE(width - 1, 4, 3)
  content.writeUIntLE(height - 1, 7, 3)
  return chunk('VP8X', content)
}

export interface Samples {
  readonly perSecond: number
  readonly channels: number
  readonly bits: number
  readonly seconds: number
}

/** The byte rate in the header is whatever somebody writes there. */
export function wav({ perSecond, channels, bits, seconds }: Samples, tag = 1, byteRate = 0xffffffff): Buffer {
  const format = Buffer.alloc(16)
  format.writeUInt16LE(tag, 0)
  format.writeUInt16LE(channels, 2)
  format.writeUInt32LE(perSecond, 4)
  format.writeUInt32LE(byteRate, 8)
  format.writeUInt16LE((channels * bits) / 8, 12)
  format.writeUInt16LE(bits, 14)
  const frames = Math.round(perSecond * seconds)
  return riff('WAVE', chunk('fmt ', format), chunk('data', Buffer.alloc((frames * channels * bits) / 8)))
}

/** Frames of Layer III of MPEG-2 at 16 kHz and 8 kbit/s: 576 samples in 36 bytes, the fewest that there are. */
export function mp3(seconds: number): Buffer {
  const bytes = Buffer.alloc(36)
  bytes.writeUInt32BE(0xfff31800, 0)
  return Buffer.concat(Array.from({ length: Math.ceil((seconds * 16_000) / 576) }, () => bytes))
}
