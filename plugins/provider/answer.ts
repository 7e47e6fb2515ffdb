import type { Usage } from 'gatehouse/plugin-sdk'
import type { BuiltinCall, Target } from 'gatehouse/plugin-sdk/builtin'
import type { RequestController } from './http1/exchange-handler.ts'
import type { Fields } from './http1/fields.ts'

/** One answer of a provider on its way to the caller. */
export interface Answer {
  /** @throws ProviderFailure */
  data(chunks: readonly Buffer[], controller: RequestController): void
  /** The provider has said everything. @throws ProviderFailure */
  end(): void
  /** What the call has cost when the answer will not be complete. */
  abandonedUsage(): Usage
}

/** What both kinds of answer need to know. */
export interface AnswerContext {
  readonly call: BuiltinCall
  readonly target: Target
  /** The provider's credential, which must not come back. */
  readonly secret: string
  readonly status: number
  readonly headers: Fields
}

const passedHeaders = ['content-type', 'retry-after', 'retry-after-ms', 'x-should-retry'] as const

/** The provider's headers that a caller may see; everything else speaks of our account there. */
export function callerHeaders({ headers, secret }: AnswerContext): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const name of passedHeaders) {
    const value = headers[name]
    if (typeof value !== 'string') continue
    passed[name] = value.includes(secret) ? redactSecret(Buffer.from(value), secret).toString() : value
  }
  return passed
}

/** A shorter credential is a placeholder, such as `none` for a model server of one's own, and may be any word. */
const minSecretLength = 16

/** Removes the gateway's credential from what a provider echoes. [S1-25] */
export function redactSecret(bytes: Buffer, secret: string): Buffer {
  if (secret.length < minSecretLength) return bytes
  const redacted = redactText(bytes, secret)
  return /["\\/]/.test(secret) ? redactEscaped(redacted, JSON.stringify(secret).slice(1, -1)) : redacted
}

/** RFC 8259 §7 lets a writer escape the solidus or leave it. */
function redactEscaped(bytes: Buffer, escaped: string): Buffer {
  return redactText(redactText(bytes, escaped), escaped.replaceAll('/', '\\/'))
}

function redactText(bytes: Buffer, text: string): Buffer {
  if (!bytes.includes(text, 0, 'latin1')) return bytes
  return Buffer.from(bytes.toString('latin1').replaceAll(text, '[redacted]'), 'latin1')
}

const modelMember = /"model"(\s*:\s*)"(?:[^"\\]|\\.)*"/g

/** Under an alias the caller reads the name that it asked for. [S1-31] */
export function restoreModel(bytes: Buffer, { call, target }: AnswerContext): Buffer {
  const { model } = target
  if (model.upstreamName === model.name) return bytes
  // latin1 keeps every byte as it is, whatever its encoding.
  const name = Buffer.from(JSON.stringify(call.model)).toString('latin1')
  const restored = bytes
    .toString('latin1')
    .replace(modelMember, (_, colon: string) => `"model"${colon}${name}`)
  return Buffer.from(restored, 'latin1')
}
