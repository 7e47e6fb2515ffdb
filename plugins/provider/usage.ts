import type { Usage } from 'gatehouse/plugin-sdk'
import { type BuiltinCall, type Consumption, costNanoUsd, type Target } from 'gatehouse/plugin-sdk/builtin'
import { countChatSearches } from './tool-calls.ts'

/** Text has about four bytes to a token; three errs on the provider's side. */
const estimatedBytesPerToken = 3
/** A count beyond this is no count but a mistake. */
const maxTokens = 1_000_000_000

export type Tokens = Omit<Consumption, 'images'>

/** Where a usage object stands in an answer, and what it says. */
export interface FoundUsage extends Tokens {
  readonly start: number
  readonly end: number
}

const key = Buffer.from('"usage"')

/**
 * Finds the last usage object in JSON text without parsing the rest. Inside a JSON string every quote is escaped, so
 * that the bytes `"usage"` can only be a member's name or a whole string.
 */
export function findUsage(text: Buffer): FoundUsage | undefined {
  for (let at = text.lastIndexOf(key); at >= 0; at = at === 0 ? -1 : text.lastIndexOf(key, at - 1)) {
    const start = skipToObject(text, at + key.length)
    if (start < 0) continue
    const end = endOfObject(text, start)
    if (end < 0) continue
    const tokens = readTokens(text.toString('utf8', start, end))
    if (tokens) return { ...tokens, start, end }
  }
  return undefined
}

/** Behind colon and white space, or -1 when no object follows. */
function skipToObject(text: Buffer, from: number): number {
  let hasColon = false
  for (let index = from; index < text.length; index++) {
    const byte = text[index]
    if (byte === 0x7b) return hasColon ? index : -1
    if (byte === 0x3a && !hasColon) hasColon = true
    else if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return -1
  }
  return -1
}

function endOfObject(text: Buffer, start: number): number {
  let depth = 0
  let isString = false
  for (let index = start; index < text.length; index++) {
    const byte = text[index]
    if (isString) {
      if (byte === 0x5c) index++
      else if (byte === 0x22) isString = false
    } else if (byte === 0x22) isString = true
    else if (byte === 0x7b) depth++
    else if (byte === 0x7d && --depth === 0) return index + 1
  }
  return -1
}

type Members = { readonly [name: string]: unknown }

/** Both dialects: `prompt_tokens` of chat, completions and embeddings, `input_tokens` of responses and images. */
function readTokens(json: string): Tokens | undefined {
  let usage: Members
  try {
    usage = JSON.parse(json) as Members
  } catch {
    return undefined
  }
  const inputTokens = usage.prompt_tokens ?? usage.input_tokens
  const outputTokens = usage.completion_tokens ?? usage.output_tokens ?? 0
  if (!isCount(inputTokens) || !isCount(outputTokens)) return undefined
  const input = detailsOf(usage.prompt_tokens_details ?? usage.input_tokens_details)
  const output = detailsOf(usage.completion_tokens_details ?? usage.output_tokens_details)
  const reasoningTokens = partOf(outputTokens, output.reasoning_tokens)
  return {
    inputTokens,
    outputTokens,
    cachedInputTokens: partOf(inputTokens, input.cached_tokens),
    audioInputTokens: partOf(inputTokens, input.audio_tokens),
    reasoningTokens,
    audioOutputTokens: partOf(outputTokens - reasoningTokens, output.audio_tokens),
  }
}

function detailsOf(value: unknown): Members {
  return isObject(value) ? value : {}
}

/** A part that is larger than the whole is no more than the whole. */
function partOf(whole: number, part: unknown): number {
  return isCount(part) ? Math.min(part, whole) : 0
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= maxTokens
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null
}

export function reportedUsage(call: BuiltinCall, target: Target, tokens: Tokens, images: number): Usage {
  const consumption: Consumption = {
    inputTokens: tokens.inputTokens,
    cachedInputTokens: tokens.cachedInputTokens,
    outputTokens: tokens.outputTokens,
    images,
    audioInputTokens: tokens.audioInputTokens ?? 0,
    reasoningTokens: tokens.reasoningTokens ?? 0,
    audioOutputTokens: tokens.audioOutputTokens ?? 0,
    toolCalls: tokens.toolCalls ?? chatSearches(call, target),
  }
  return { ...consumption, estimated: false, costNanoUsd: costOf(call, target, consumption) }
}

/** For an answer whose provider does not say what it cost: our own count, never above what was set aside for it. */
export function estimatedUsage(
  call: BuiltinCall,
  target: Target,
  outputTokens: number,
  images: number,
  toolCalls = chatSearches(call, target),
): Usage {
  const consumption = {
    inputTokens: tokensIn(call.body.length),
    cachedInputTokens: 0,
    outputTokens,
    images,
    ...(toolCalls > 0 && { toolCalls }),
  }
  const cost = costOf(call, target, consumption)
  return {
    ...consumption,
    estimated: true,
    costNanoUsd: call.hold ? Math.min(cost, call.hold.nanoUsd) : cost,
  }
}

/**
 * For a call that left and whose end nobody knows: everything that was set aside is spent.
 *
 * @param outputTokens as far as they were seen
 */
export function unknownUsage(call: BuiltinCall, target: Target, outputTokens = 0): Usage {
  const estimated = estimatedUsage(call, target, outputTokens, 0)
  return call.hold ? { ...estimated, costNanoUsd: call.hold.nanoUsd } : estimated
}

/**
 * For a stream that was cut off because it costs more than was set aside: that, or what was counted if it is more.
 *
 * @param reported what the provider itself said on the way
 */
export function exceededUsage(
  call: BuiltinCall,
  target: Target,
  outputTokens: number,
  reported: Usage | undefined,
): Usage {
  const unknown = unknownUsage(call, target, outputTokens)
  const counted = Math.max(costOf(call, target, unknown), reported?.costNanoUsd ?? 0)
  return { ...unknown, costNanoUsd: Math.max(unknown.costNanoUsd, counted) }
}

/** For a call that the provider refused. */
export const noUsage: Usage = Object.freeze({
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
  images: 0,
  estimated: false,
  costNanoUsd: 0,
})

export function tokensIn(bytes: number): number {
  return Math.ceil(bytes / estimatedBytesPerToken)
}

/** Where a model has a price for them. */
function chatSearches({ operation, body, receivedAt }: BuiltinCall, { model }: Target): number {
  if (operation !== 'chat.completions' || !model.pricesAt(receivedAt)?.toolCallNanoUsd) return 0
  return countChatSearches(body)
}

/** By the prices of the time at which the call began, whatever has come to hold since. */
function costOf({ receivedAt }: BuiltinCall, { model }: Target, consumption: Consumption): number {
  const prices = model.pricesAt(receivedAt)
  return prices ? costNanoUsd(prices, consumption) : 0
}
