import { type SimulatedModel, simulatedModels } from './catalogue.ts'

/**
 * What a caller may ask the simulator to do instead of a plain answer: as words in the header
 * `x-simulator-behaviour: slow-500,tokens-200`, or as a model name, `demo-error-500`, for callers whose headers do
 * not reach it.
 */
export interface Behaviour {
  /** `error-<status>`: refuse with this status. */
  readonly errorStatus?: number
  /** `slow` or `slow-<ms>`: wait before the first byte (2000 ms). */
  readonly delayMs?: number
  /** `pace` or `pace-<ms>`: wait between two chunks of a stream (50 ms). */
  readonly paceMs?: number
  /** `tokens-<n>`: answer with exactly this many tokens, as far as the caller's limit allows. */
  readonly outputTokens?: number
  /** `ignore-limit`: write as many tokens as otherwise, whatever the caller's limit. */
  readonly ignoreLimit?: boolean
  /** `cached`: report half of the input as read from the cache. */
  readonly cachedInput?: boolean
  /** `stall`: send half of a stream, or nothing of a whole answer, and then hold the connection. */
  readonly stall?: boolean
  /** `cut`: like `stall`, but close the connection in the middle. */
  readonly cut?: boolean
  /** `invalid-json`: 200 with a body that is not JSON. */
  readonly invalidJson?: boolean
  /** `no-usage`: leave the token counts out of the answer; they are billed all the same. */
  readonly omitUsage?: boolean
}

export class UnknownBehaviour extends Error {
  override readonly name = 'UnknownBehaviour'
}

const words: readonly (readonly [RegExp, (value: number) => Behaviour])[] = [
  [/^error-([45]\d\d)$/, (status) => ({ errorStatus: status })],
  [/^slow$/, () => ({ delayMs: 2_000 })],
  [/^slow-(\d{1,6})$/, (ms) => ({ delayMs: ms })],
  [/^pace$/, () => ({ paceMs: 50 })],
  [/^pace-(\d{1,6})$/, (ms) => ({ paceMs: ms })],
  [/^tokens-(\d{1,6})$/, (count) => ({ outputTokens: count })],
  [/^ignore-limit$/, () => ({ ignoreLimit: true })],
  [/^cached$/, () => ({ cachedInput: true })],
  [/^stall$/, () => ({ stall: true })],
  [/^cut$/, () => ({ cut: true })],
  [/^invalid-json$/, () => ({ invalidJson: true })],
  [/^no-usage$/, () => ({ omitUsage: true })],
]

/** @throws UnknownBehaviour */
export function parseBehaviour(header: string | undefined): Behaviour {
  const named = (header ?? '').split(',').map((word) => word.trim())
  return Object.assign({}, ...named.filter(Boolean).map(parseWord))
}

export interface RequestedModel {
  readonly model: SimulatedModel
  readonly behaviour: Behaviour
}

/** A model of the catalogue, or `demo-<behaviour>`, also `demo-<behaviour>+<behaviour>`, which bills like `demo-chat`; undefined for any other name. */
export function findModel(name: string): RequestedModel | undefined {
  const model = simulatedModels.find((candidate) => candidate.name === name)
  if (model) return { model, behaviour: {} }
  const [chat] = simulatedModels
  if (!chat || !name.startsWith('demo-')) return undefined
  const behaviours = name.slice('demo-'.length).split('+').map(matchWord)
  if (behaviours.includes(undefined)) return undefined
  return { model: { ...chat, name }, behaviour: Object.assign({}, ...behaviours) }
}

function parseWord(word: string): Behaviour {
  const behaviour = matchWord(word)
  if (behaviour === undefined) throw new UnknownBehaviour(`x-simulator-behaviour does not know "${word}"`)
  return behaviour
}

function matchWord(word: string): Behaviour | undefined {
  for (const [pattern, make] of words) {
    const match = pattern.exec(word)
    if (match) return make(Number(match[1]))
  }
  return undefined
}
