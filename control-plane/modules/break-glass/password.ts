import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { BadUserInput } from '../../graphql/errors.ts'
import { takeTurn } from './turns.ts'

/** OWASP Password Storage: argon2id with 19 MiB, two passes and one lane. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 } as const
const algorithm = 'argon2id'
const [nonceBytes, tagBytes] = [16, 32]
const derive = promisify(argon2)

const shortest = 12
const longest = 256
const fewestDifferent = 6
/** What passwords of twelve characters are made of by whoever wants none. */
const wellKnown = new Set([
  ...['', 'abc', 'admin', 'administrator', 'breakglass', 'changeme', 'default', 'gatehouse', 'iloveyou'],
  ...[
    'letmein',
    'login',
    'passw',
    'passwort',
    'password',
    'qazwsx',
    'qwerty',
    'qwertyuiop',
    'root',
    'secret',
  ],
  ...['supersecret', 'test', 'trustno', 'welcome', 'winter', 'summer', 'asdf', 'asdfghjkl'],
])

/** Two writings of the same characters are the same password. */
const normalized = (password: string) => password.normalize('NFKC')

/**
 * Refuses what is guessed first: too short, well known with digits and signs around it, or made of the person's name.
 *
 * @throws BadUserInput that says what a password must be
 */
export function checkPassword(password: string, about: readonly (string | null)[]): string {
  const text = normalized(password)
  const length = [...text].length
  if (length < shortest || length > longest) {
    throw new BadUserInput('password', `must have ${shortest} to ${longest} characters, not ${length}`)
  }
  const letters = text.toLowerCase().replaceAll(/[^\p{L}]/gu, '')
  if (wellKnown.has(letters) || new Set(text).size < fewestDifferent) {
    throw new BadUserInput(
      'password',
      'is one of those that are guessed first: use several words, or a generator',
    )
  }
  const parts = about.flatMap((one) => (one ?? '').toLowerCase().split(/[^\p{L}\p{N}]+/u))
  const named = parts.find((part) => part.length >= 4 && text.toLowerCase().includes(part))
  if (named !== undefined) {
    throw new BadUserInput('password', 'must not hold your name or your e-mail address, nor a part of them')
  }
  return text
}

/** @returns what is stored of it, `argon2id$m=…,t=…,p=…$<nonce>$<tag>` */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(nonceBytes)
  const tag = await tagOf(normalized(password), nonce)
  return [algorithm, costText, nonce.toString('base64url'), tag.toString('base64url')].join('$')
}

/**
 * Takes as long for whoever has no password, `null`, as for a wrong one.
 *
 * @throws TooManyAtOnce
 */
export async function matchesPassword(password: string, hash: string | null): Promise<boolean> {
  const [, , nonce = '', tag = ''] = (hash ?? decoy).split('$')
  const stored = Buffer.from(tag, 'base64url')
  const presented = await tagOf(normalized(password), Buffer.from(nonce, 'base64url'))
  return timingSafeEqual(presented, stored) && hash !== null
}

const costText = `m=${cost.memory},t=${cost.passes},p=${cost.parallelism}`
const decoy = [
  ...[algorithm, costText],
  ...[nonceBytes, tagBytes].map((bytes) => randomBytes(bytes).toString('base64url')),
].join('$')

function tagOf(message: string, nonce: Buffer): Promise<Buffer> {
  return takeTurn(() => derive(algorithm, { message, nonce, ...cost, tagLength: tagBytes }))
}
