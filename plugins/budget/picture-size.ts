export interface PictureSize {
  readonly width: number
  readonly height: number
}

/** So much of a file is looked at: photographs bear thumbnails and colour profiles before their dimensions. */
export const headBytes = 192 * 1024

/**
 * The dimensions of a PNG, JPEG or WebP file, or null where they are not certain: whoever wants to pay less may send a
 * file that two decoders read differently. Of a GIF they never are, for its frames may be larger than its screen.
 */
export function pictureSize(head: Buffer): PictureSize | null {
  const size = readPng(head) ?? readJpeg(head) ?? readWebp(head)
  return size && size.width > 0 && size.height > 0 ? size : null
}

const pngStart = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')

function readPng(head: Buffer): PictureSize | null {
  if (head.length < 24 || !head.subarray(0, pngStart.length).equals(pngStart)) return null
  return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) }
}

const startOfScan = 0xda

/** The largest of all frames that are declared before the first scan. */
function readJpeg(head: Buffer): PictureSize | null {
  if (head.length < 4 || head.readUInt16BE(0) !== 0xffd8) return null
  let size: PictureSize | null = null
  for (let at = 2; head[at] === 0xff; ) {
    // Any number of fill bytes may stand before a marker.
    while (head[at + 1] === 0xff) at++
    const marker = head[at + 1]
    if (marker === startOfScan) return size
    if (marker === undefined || !hasLength(marker) || at + 9 > head.length) return null
    if (isFrame(marker)) {
      size = larger(size, { width: head.readUInt16BE(at + 7), height: head.readUInt16BE(at + 5) })
    }
    const length = head.readUInt16BE(at + 2)
    if (length < 2) return null
    at += 2 + length
  }
  return null
}

/** All others stand alone, and none of those before the first scan. */
function hasLength(marker: number): boolean {
  return marker >= 0xc0 && (marker < 0xd0 || marker > 0xd9)
}

/** `SOF0` to `SOF15`, among which stand `DHT`, `JPG` and `DAC`. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}

function readWebp(head: Buffer): PictureSize | null {
  if (head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WEBP') return null
  let canvas: PictureSize | null = null
  for (let at = 12; at + 18 <= head.length; ) {
    const name = head.toString('latin1', at, at + 4)
    const data = at + 8
    if (name === 'VP8 ' || name === 'VP8L') {
      const frame = name === 'VP8 ' ? readLossy(head, data) : readLossless(head, data)
      return frame && larger(canvas, frame)
    }
    if (name === 'ANMF') return null
    if (name === 'VP8X') {
      const width = 1 + head.readUIntLE(data + 4, 3)
      canvas = larger(canvas, { width, height: 1 + head.readUIntLE(data + 7, 3) })
    }
    const length = head.readUInt32LE(at + 4)
    at = data + length + (length % 2)
  }
  return null
}

function readLossy(head: Buffer, data: number): PictureSize | null {
  if (head.length < data + 10 || head.readUIntBE(data + 3, 3) !== 0x9d012a) return null
  return { width: head.readUInt16LE(data + 6) & 0x3fff, height: head.readUInt16LE(data + 8) & 0x3fff }
}

function readLossless(head: Buffer, data: number): PictureSize | null {
  if (head[data] !== 0x2f) return null
  const bits = head.readUInt32LE(data + 1)
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) }
}

function larger(one: PictureSize | null, other: PictureSize): PictureSize {
  if (!one) return other
  return { width: Math.max(one.width, other.width), height: Math.max(one.height, other.height) }
}
