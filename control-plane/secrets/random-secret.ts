import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** 256 random bits, base64url. */
export function makeSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** What is stored of a secret, hex. It has 256 bits of its own, so that a plain hash is as good as a slow one. */
export function digestOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Takes as long whatever is presented. */
export function matchesDigest(secret: string, digest: string): boolean {
  const presented = Buffer.from(digestOfSecret(secret))
  const stored = Buffer.from(digest)
  return presented.length === stored.length && timingSafeEqual(presented, stored)
}
