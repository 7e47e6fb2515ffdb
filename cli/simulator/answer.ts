import type { Static, TSchema } from 'typebox'
import type { Consumption } from '../../contract/money.ts'
import type { Behaviour } from './behaviour.ts'
import type { SimulatedModel } from './catalogue.ts'

/** One server-sent event of a streamed answer. */
export interface AnswerEvent {
  /** Named where the API names its events. */
  readonly event?: string
  /** An object is sent as JSON. */
  readonly data: object | '[DONE]'
  /** How much of the output the provider has written, and bills, once this event is out. */
  readonly outputTokens: number
}

/** All that will be said to one call, worked out before the first byte. */
export interface Answer {
  readonly consumption: Consumption
  readonly body: object
  /** The same answer as a stream; absent when the caller wants it whole. */
  readonly events?: readonly AnswerEvent[]
}

/** What an operation is told about the call beside its body. */
export interface AnswerContext {
  readonly model: SimulatedModel
  readonly behaviour: Behaviour
  /** Counts the calls since the start. */
  readonly callNumber: number
  /** Seconds since the epoch. */
  readonly createdSeconds: number
}

/** One route of the simulated API. */
export interface Operation {
  readonly path: string
  readonly schema: TSchema
  answer(body: unknown, context: AnswerContext): Answer
}

/** Declares an operation whose body has been validated against its schema before `answer` sees it. */
export function operation<Schema extends TSchema>(declared: {
  path: string
  schema: Schema
  answer: (body: Static<Schema>, context: AnswerContext) => Answer
}): Operation {
  return {
    path: declared.path,
    schema: declared.schema,
    answer: (body, context) => declared.answer(body as Static<Schema>, context),
  }
}

/** The output limit of a call: what the caller set, within what the model can do. */
export function outputLimit(
  { model, behaviour }: Pick<AnswerContext, 'model' | 'behaviour'>,
  ...asked: readonly (number | null | undefined)[]
): number {
  const limits = behaviour.ignoreLimit ? [] : asked.filter((limit) => typeof limit === 'number')
  return Math.min(model.maxOutputTokens ?? 0, ...limits)
}

export function cachedPart(behaviour: Behaviour, inputTokens: number): number {
  return behaviour.cachedInput ? Math.floor(inputTokens / 2) : 0
}
