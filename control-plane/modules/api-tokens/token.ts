import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** `ghat.<organization id>.<token id>.<secret>`: names its row, so that nothing is searched by the secret. */
export interface ParsedToken {
  readonly organizationId: string
  readonly id: string
  readonly secret: string
}

const longestToken = 512

export function formatToken({ organizationId, id, secret }: ParsedToken): string {
  return ['ghat', organizationId, id, secret].join('.')
}

export function parseToken(text: string): ParsedToken | undefined {
  if (text.length > longestToken) return undefined
  const [prefix, organizationId, id, secret, ...rest] = text.split('.')
  if (prefix !== 'ghat' || !organizationId || !id || !secret || rest.length > 0) return undefined
  return { organizationId, id, secret }
}

export function makeTokenSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** The secret has 256 bits of its own, so that a plain hash is as good as a slow one. */
export function digestOfToken(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

export function matchesDigest(secret: string, digest: string): boolean {
  return timingSafeEqual(Buffer.from(digestOfToken(secret)), Buffer.from(digest))
}
