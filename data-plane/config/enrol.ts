import { setTimeout as delay } from 'node:timers/promises'
import {
  type EnrolmentRequest,
  type EnrolmentResponse,
  type EnrolmentToken,
  enrolmentPath,
  parseEnrolmentResponse,
  parseEnrolmentToken,
} from '../../contract/enrolment.ts'
import { openCredentials } from './credentials.ts'
import type { Identity, IdentityStore } from './identity.ts'
import { ed25519PublicKey, publicJwk, thumbprint } from './keys.ts'

export interface EnrolmentOptions {
  readonly controlPlaneUrl: string
  readonly token: string
  /** What the fleet view shows. */
  readonly name: string
  readonly version: string
  /** How long the control plane may stay away before enrolment is given up. */
  readonly patienceMs?: number
}

/** Enrolment did not succeed; the message says why and what to do. It never repeats the token. */
export class EnrolmentFailed extends Error {
  override readonly name = 'EnrolmentFailed'
}

const attemptLimitMs = 10_000
const retryAfterMs = 1_000
const defaultPatienceMs = 60_000
const longestAnswerBytes = 1024 * 1024

/**
 * Makes this data plane known to the control plane, once, and pins the control plane's key, which must be the one
 * that the token names: whoever answers in its place is found out.
 *
 * @returns the identity and the first sealed credentials.
 * @throws EnrolmentFailed
 */
export async function enrol(
  store: IdentityStore,
  options: EnrolmentOptions,
): Promise<{ identity: Identity; sealedCredentials: string }> {
  const token = parseEnrolmentToken(options.token)
  if (!token) throw new EnrolmentFailed('GATEHOUSE_ENROLMENT_TOKEN is no enrolment token ("ghe.…")')
  const response = await request(options, {
    token: options.token,
    name: options.name,
    version: options.version,
    signingKey: publicJwk(store.keys.signing),
    sealingKey: publicJwk(store.keys.sealing),
  })
  await assertExpectedControlPlane(response, token)
  const { credentials, ...enrolment } = response
  await store.enrolled(enrolment)
  const { identity } = store
  if (!identity) throw new EnrolmentFailed('the enrolment was not kept')
  await openCredentials(credentials, identity, identity)
  return { identity, sealedCredentials: credentials }
}

async function assertExpectedControlPlane(response: EnrolmentResponse, token: EnrolmentToken): Promise<void> {
  const actual = await thumbprint(response.signingKey).catch(() => undefined)
  if (actual !== token.thumbprint || response.signingKeyId !== token.thumbprint) {
    throw new EnrolmentFailed(
      `the answer to the enrolment is signed with the key ${response.signingKeyId}, the token names ${token.thumbprint}: CONTROL_PLANE_URL leads to another control plane, or someone stands between`,
    )
  }
  if (response.organizationId !== token.organizationId) {
    throw new EnrolmentFailed(
      `the token is for organization ${token.organizationId}, the answer for ${response.organizationId}`,
    )
  }
  try {
    ed25519PublicKey(response.signingKey)
  } catch {
    throw new EnrolmentFailed("the control plane's signing key is no Ed25519 key")
  }
}

/** Asks until there is an answer: a data plane may well start before its control plane. */
async function request(options: EnrolmentOptions, body: EnrolmentRequest): Promise<EnrolmentResponse> {
  const url = new URL(enrolmentPath, options.controlPlaneUrl)
  const giveUpAt = performance.now() + (options.patienceMs ?? defaultPatienceMs)
  for (;;) {
    const outcome = await attempt(url, body)
    if ('response' in outcome) return outcome.response
    if (!outcome.mayRecover || performance.now() + retryAfterMs > giveUpAt) {
      throw new EnrolmentFailed(`enrolment at ${url.origin} failed: ${outcome.reason}`)
    }
    await delay(retryAfterMs)
  }
}

type Attempt =
  | { readonly response: EnrolmentResponse }
  | { readonly reason: string; readonly mayRecover: boolean }

async function attempt(url: URL, body: EnrolmentRequest): Promise<Attempt> {
  let answer: Response
  let text: string
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(attemptLimitMs),
    })
    text = await readBounded(answer)
  } catch (error) {
    return { reason: reasonOf(error), mayRecover: true }
  }
  if (answer.ok) return { response: parseEnrolmentResponse(text) }
  const reason = `HTTP ${answer.status} ${text.slice(0, 300)}`
  return { reason, mayRecover: answer.status >= 500 || answer.status === 429 }
}

async function readBounded(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of answer.body ?? []) {
    length += chunk.length
    if (length > longestAnswerBytes) throw new EnrolmentFailed('the answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message
}
