import { randomBytes } from 'node:crypto'

const random = () => randomBytes(16).toString('hex')
/** Hard to carry unescaped: quotes, a backslash, and the letters that URLs and base64 treat specially. */
const canary = (name: string) => `sk-${name}"\\+/%<&${random()}`

/** What nobody may ever find, by name. Those that Gatehouse itself makes are added when they are made. */
export const secrets: Record<string, string> = {
  'provider key': canary('provider'),
  'rotated provider key': canary('rotated'),
  'provider key of the environment': canary('environment'),
  'provider key that was refused': `${canary('refused')} `,
  'provider key in a wrong mutation': canary('mistaken'),
  'client secret of an identity provider': canary('client'),
  'secret of a JWT provider': canary('shared'),
  'secret of a JWT provider that was refused': random().slice(0, 31),
  'imported virtual key': canary('imported'),
  'unknown virtual key': canary('unknown'),
  'key in the query': canary('query').replaceAll(/[^\w-]/g, ''),
  'key in a broken request': canary('broken'),
  'unknown admin token': `ghat.org_0.tok_0.${random()}`,
}
/** Deliberately leaked everywhere: what finds this finds the others. A name that every place accepts. */
export const leak = `leak-${random()}`

export function secretOf(name: string): string {
  const secret = secrets[name]
  if (secret === undefined) throw new Error(`no ${name}`)
  return secret
}
