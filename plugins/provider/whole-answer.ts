import type { Usage } from 'gatehouse/plugin-sdk'
import { type Answer, type AnswerContext, callerHeaders, redactSecret, restoreModel } from './answer.ts'
import { tellCost } from './cost.ts'
import { failedStatus, oversizedAnswer } from './failures.ts'
import { countToolCalls } from './tool-calls.ts'
import { estimatedUsage, findUsage, noUsage, reportedUsage, tokensIn, unknownUsage } from './usage.ts'

/** What a provider says to the caller about its request; any other refusal is between the provider and us. */
const passedStatuses: ReadonlySet<number> = new Set([400, 404, 409, 413, 415, 422, 429])
/** A proxy in between gave up; whether the provider worked, and bills, is not known. */
const unknownStatuses: ReadonlySet<number> = new Set([504, 524])

/** An answer that is collected and sent in one piece. */
export class WholeAnswer implements Answer {
  readonly #context: AnswerContext
  readonly #maxBytes: number
  readonly #chunks: Buffer[] = []
  #size = 0

  constructor(context: AnswerContext, maxBytes: number) {
    this.#context = context
    this.#maxBytes = maxBytes
  }

  data(chunks: readonly Buffer[]): void {
    for (const chunk of chunks) {
      this.#size += chunk.length
      this.#chunks.push(chunk)
    }
    if (this.#size > this.#maxBytes) throw oversizedAnswer(this.#provider, this.#maxBytes)
  }

  end(): void {
    const { call, secret, status, headers } = this.#context
    const isSuccess = status >= 200 && status < 300
    if (!isSuccess) {
      call.usage = this.abandonedUsage()
      if (!passedStatuses.has(status)) throw failedStatus(this.#provider, status, headers)
    }
    const [first] = this.#chunks
    const body = first && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks, this.#size)
    if (isSuccess) call.usage = this.#usageIn(body)
    tellCost(call, this.#context.target)
    call.reply.send(
      status,
      callerHeaders(this.#context),
      restoreModel(redactSecret(body, secret), this.#context),
    )
  }

  abandonedUsage(): Usage {
    const { call, target, status } = this.#context
    if (status < 300 || unknownStatuses.has(status)) return unknownUsage(call, target)
    return noUsage
  }

  get #provider(): string {
    return this.#context.target.grant.provider.name
  }

  #usageIn(body: Buffer): Usage {
    const { call, target } = this.#context
    const images = call.operation === 'images.generations' ? countImages(body) : 0
    const found = findUsage(body)
    const toolCalls = call.operation === 'responses' ? countToolCalls(body) : undefined
    if (found)
      return reportedUsage(call, target, toolCalls === undefined ? found : { ...found, toolCalls }, images)
    if (images > 0) return reportedUsage(call, target, noUsage, images)
    const outputTokens = call.operation === 'embeddings' ? 0 : tokensIn(body.length)
    return estimatedUsage(call, target, outputTokens, 0, toolCalls)
  }
}

/** Each picture has its bytes or its address; some providers name the other one too, as null. */
function countImages(body: Buffer): number {
  return Math.max(countMembers(body, 'b64_json'), countMembers(body, 'url'))
}

function countMembers(body: Buffer, name: string): number {
  const key = Buffer.from(`"${name}"`)
  let count = 0
  for (let at = body.indexOf(key); at >= 0; at = body.indexOf(key, at + key.length)) {
    const start = at + key.length
    if (/^\s*:\s*"/.test(body.toString('latin1', start, start + 16))) count++
  }
  return count
}
