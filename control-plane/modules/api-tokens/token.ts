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
