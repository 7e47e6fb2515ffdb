export interface PictureSize {
  readonly width: number
  readonly height: number
}

/**
 * The dimensions of a PNG, JPEG or WebP file, or null where they are not certain: whoever wants to pay less may send a
 * file that two decoders read differently. Of a GIF they never are, for its frames may be larger than its screen.
 */
export function pictureSize(file: Buffer): PictureSize | null {
  const size = readPng(file) ?? readJpeg(file) ?? readWebp(file)
  return size && size.width > 0 && size.height > 0 ? size : null
}

const pngStart = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')

function readPng(file: Buffer): PictureSize | null {
  if (file.length < 24 || !file.subarray(0, pngStart.length).equals(pngStart)) return null
  return { width: file.readUInt32BE(16), height: file.readUInt32BE(20) }
}

const startOfScan = 0xda

/** The largest of all frames that are declared before the first scan. */
function readJpeg(file: Buffer): PictureSize | null {
  if (file.length < 4 || file.readUInt16BE(0) !== 0xffd8) return null
  let size: PictureSize | null = null
  for (let at = 2; file[at] === 0xff; ) {
    // Any number of fill bytes may stand before a marker.
    while (file[at + 1] === 0xff) at++
    const marker = file[at + 1]
    if (marker === startOfScan) return size
    if (marker === undefined || !hasLength(marker) || at + 9 > file.length) return null
    if (isFrame(marker)) {
      size = larger(size, { width: file.readUInt16BE(at + 7), height: file.readUInt16BE(at + 5) })
    }
    const length = file.readUInt16BE(at + 2)
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

function readWebp(file: Buffer): PictureSize | null {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WEBP') return null
  let canvas: PictureSize | null = null
  for (let at = 12; at + 18 <= file.length; ) {
    const name = file.toString('latin1', at, at + 4)
    const data = at + 8
    if (name === 'VP8 ' || name === 'VP8L') {
      const frame = name === 'VP8 ' ? readLossy(file, data) : readLossless(file, data)
      return frame && larger(canvas, frame)
    }
    if (name === 'ANMF') return null
    if (name === 'VP8X') {
      const width = 1 + file.readUIntLE(data + 4, 3)
      canvas = larger(canvas, { width, height: 1 + file.readUIntLE(data + 7, 3) })
    }
    const length = file.readUInt32LE(at + 4)
    at = data + length + (length % 2)
  }
  return null
}

function readLossy(file: Buffer, data: number): PictureSize | null {
  if (file.length < data + 10 || file.readUIntBE(data + 3, 3) !== 0x9d012a) return null
  return { width: file.readUInt16LE(data + 6) & 0x3fff, height: file.readUInt16LE(data + 8) & 0x3fff }
}

function readLossless(file: Buffer, data: number): PictureSize | null {
  if (file[data] !== 0x2f) return null
  const bits = file.readUInt32LE(data + 1)
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) }
}

function larger(one: PictureSize | null, other: PictureSize): PictureSize {
  if (!one) return other
  return { width: Math.max(one.width, other.width), height: Math.max(one.height, other.height) }
}
