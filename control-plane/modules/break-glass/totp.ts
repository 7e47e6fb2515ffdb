import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/*
 * Codes of an authenticator: RFC 6238 with SHA-1, 30 seconds and 6 digits, which every application for it knows.
 */

const stepMs = 30_000
const digits = 6
/** RFC 4226 §4 R6: 160 bits. */
const secretBytes = 20
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A new secret, in base32. */
export function makeTotpSecret(): string {
  return base32(randomBytes(secretBytes))
}

/** What an authenticator reads as a QR code. */
export function totpUri(secret: string, account: string): string {
  const label = `Gatehouse:${encodeURIComponent(account)}`
  return `otpauth://totp/${label}?secret=${secret}&issuer=Gatehouse&algorithm=SHA1&digits=${digits}&period=30`
}

/**
 * The time step that a code is of: the present one, the one before or the next one, for two clocks are never equal.
 *
 * @param now Milliseconds since the epoch.
 * @returns null for a code of none of them, or of one that is not after `lastStep`: a code works once
 */
export function totpStepOf(
  secret: string,
  code: string,
  { now, lastStep }: { readonly now: number; readonly lastStep: number | null },
): number | null {
  const present = Math.floor(now / stepMs)
  const key = bytesOfBase32(secret)
  const steps = [present, present - 1, present + 1].filter((step) => isEqual(codeAt(key, step), code))
  return steps.find((step) => lastStep === null || step > lastStep) ?? null
}

/** RFC 4226 §5.3. */
function codeAt(key: Buffer, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', key).update(counter).digest()
  const offset = (mac.at(-1) ?? 0) & 0xf
  const number = mac.readUInt32BE(offset) & 0x7fffffff
  return String(number % 10 ** digits).padStart(digits, '0')
}

function isEqual(code: string, presented: string): boolean {
  const [one, other] = [Buffer.from(code), Buffer.from(presented)]
  return one.length === other.length && timingSafeEqual(one, other)
}

/** RFC 4648 §6, of whole groups of five bytes. */
function base32(bytes: Buffer): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
  return bits.replaceAll(/.{5}/g, (group) => alphabet.charAt(Number.parseInt(group, 2)))
}

function bytesOfBase32(text: string): Buffer {
  const bits = Array.from(text, (letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return Buffer.from(Array.from(bits.matchAll(/.{8}/g), ([byte]) => Number.parseInt(byte, 2)))
}
