import { type ConfigurationBundle, readBundle } from '../../contract/configuration/bundle.ts'
import {
  type ConfigurationPoll,
  configurationPollPath,
  parseRevocationNotice,
  parseRevokedAnswer,
  pollHoldMs,
  sealPoll,
} from '../../contract/configuration-poll.ts'
import { ContractViolation } from '../../contract/validation.ts'
import type { Identity } from './identity.ts'
import { ConfigurationRefused } from './refusal.ts'
import { openTrusted } from './verify.ts'

/** What one poll asks for, and what it tells. */
export type Question = Pick<ConfigurationPoll, 'from' | 'offered' | 'needsCredentials' | 'standing'>

/** Asks the control plane once; the answer may take as long as a poll is held. */
export type AskControlPlane = (question: Question, signal: AbortSignal) => Promise<ConfigurationBundle>

/** The control plane did not answer, or refused to; the message says why. */
export class PollFailed extends Error {
  override readonly name = 'PollFailed'
  /** To leave it in peace; undefined when it is merely away. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, retryAfterMs?: number) {
    super(message)
    this.retryAfterMs = retryAfterMs
  }
}

/** The control plane has signed that this data plane is revoked. */
export class Revoked extends PollFailed {}

const firstByteLimitMs = pollHoldMs + 2_500
/** A snapshot may be many megabytes. */
const wholeLimitMs = 60_000
/** After a refusal, or when it has too much to do. */
const unwelcomeMs = 5_000
const longestAnswerBytes = 256 * 1024 * 1024

/** @param now Milliseconds since the epoch. */
export function askControlPlane(options: {
  readonly controlPlaneUrl: string
  readonly identity: Identity
  readonly now: () => number
}): AskControlPlane {
  const { identity, now } = options
  const { organizationId, dataPlaneId, privateSigningKey } = identity
  const url = new URL(configurationPollPath(organizationId, dataPlaneId), options.controlPlaneUrl)
  return async (question, signal) => {
    const poll = { format: 1 as const, organizationId, dataPlaneId, issuedAt: now(), ...question }
    const body = sealPoll(poll, { id: dataPlaneId, privateKey: privateSigningKey })
    const silence = new AbortController()
    const timer = setTimeout(() => silence.abort(new PollFailed('no answer in time')), firstByteLimitMs)
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        redirect: 'error',
        signal: AbortSignal.any([signal, silence.signal, AbortSignal.timeout(wholeLimitMs)]),
      })
      clearTimeout(timer)
      const bytes = await readBounded(answer)
      if (answer.ok) return readBundle(bytes)
      if (answer.status === 403 && isRevocation(bytes.toString(), identity)) {
        throw new Revoked('this data plane was revoked', unwelcomeMs)
      }
      const isUnwelcome = answer.status === 503 || (answer.status >= 400 && answer.status < 500)
      throw new PollFailed(
        `HTTP ${answer.status} ${bytes.toString('utf8', 0, 300)}`,
        isUnwelcome ? unwelcomeMs : undefined,
      )
    } finally {
      clearTimeout(timer)
    }
  }
}

async function readBounded(answer: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of answer.body ?? []) {
    length += chunk.length
    if (length > longestAnswerBytes)
      throw new PollFailed(`the answer has more than ${longestAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

/** Whoever stands between may answer anything, but cannot sign it. */
function isRevocation(body: string, identity: Identity): boolean {
  try {
    const { notice } = parseRevokedAnswer(body)
    const payload = openTrusted('gatehouse/data-plane-revoked', notice, identity)
    const { organizationId, dataPlaneId } = parseRevocationNotice(payload)
    return organizationId === identity.organizationId && dataPlaneId === identity.dataPlaneId
  } catch (error) {
    if (error instanceof ContractViolation || error instanceof ConfigurationRefused) return false
    throw error
  }
}
