/** Google's rate, the highest that is documented: OpenAI counts ten tokens to a second of what a user says. */
const tokensPerSecond = 32
/** Layer III of MPEG-2 knows no bit rate below 8 kbit/s. */
const fewestMp3BytesPerSecond = 1000

/**
 * The most tokens that sound is billed as, by how long it can be at most; null where that is not certain, as of every
 * format but the two that OpenAI documents, WAV without compression and MP3.
 */
export function audioTokens(file: Buffer, format: unknown): number | null {
  const bytesPerSecond =
    format === 'wav'
      ? wavBytesPerSecond(file)
      : format === 'mp3' && isMp3(file)
        ? fewestMp3BytesPerSecond
        : null
  return bytesPerSecond && Math.ceil((file.length / bytesPerSecond) * tokensPerSecond)
}

/** What lies beyond is no recording, and each decoder makes of it what it likes. */
const mostSamplesPerSecond = 384_000
const mostChannels = 8

const pcm = 1
const floatingPoint = 3
const extensible = 0xfffe

/** By what a decoder needs to know of each sample; the byte rate that a header tells is not used by any. */
function wavBytesPerSecond(file: Buffer): number | null {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') return null
  let format: Buffer | null = null
  for (let at = 12; at + 8 <= file.length; ) {
    const name = file.toString('latin1', at, at + 4)
    if (name === 'data') return format && bytesPerSecondOf(format)
    const length = file.readUInt32LE(at + 4)
    // Not all decoders look for the next one in the same place.
    if (length % 2 === 1) return null
    if (name === 'fmt ') {
      if (format || length < 16) return null
      format = file.subarray(at + 8, at + 8 + length)
    }
    at += 8 + length
  }
  return null
}

function bytesPerSecondOf(format: Buffer): number | null {
  if (format.length < 16) return null
  const tag = format.readUInt16LE(0)
  const encoding = tag === extensible && format.length >= 26 ? format.readUInt16LE(24) : tag
  if (encoding !== pcm && encoding !== floatingPoint) return null
  const channels = format.readUInt16LE(2)
  const samplesPerSecond = format.readUInt32LE(4)
  const bytesPerFrame = format.readUInt16LE(12)
  const bitsPerSample = format.readUInt16LE(14)
  const isWhole = bitsPerSample > 0 && bitsPerSample % 8 === 0
  if (samplesPerSecond > mostSamplesPerSecond || channels === 0 || channels > mostChannels) return null
  if (!isWhole || bytesPerFrame !== (channels * bitsPerSample) / 8) return null
  return samplesPerSecond * bytesPerFrame || null
}

/** Whether its first frame, behind tags, is one of Layer III with a bit rate of the table. */
function isMp3(file: Buffer): boolean {
  const at = file.toString('latin1', 0, 3) === 'ID3' && file.length >= 10 ? 10 + syncSafe(file) : 0
  if (at + 4 > file.length) return false
  const header = file.readUInt32BE(at)
  const isLayer3 = (header & 0xffe60000) >>> 0 === 0xffe20000
  const bitRate = (header >>> 12) & 0xf
  return isLayer3 && bitRate !== 0 && bitRate !== 0xf
}

/** The length of an ID3 tag: seven bits to a byte. */
function syncSafe(file: Buffer): number {
  return file.subarray(6, 10).reduce((length, byte) => length * 128 + (byte & 0x7f), 0)
}
