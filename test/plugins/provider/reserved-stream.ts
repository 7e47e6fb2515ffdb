import type { BudgetNode } from 'gatehouse/plugin-sdk/builtin'
import { StreamedAnswer } from '../../../plugins/provider/streamed-answer.ts'
import { FakeCall, type FakeCallOptions } from '../fake-call.ts'
import { grant, key, model, provider } from '../fake-configuration.ts'
import { hold } from '../fake-host.ts'
import { providerSecret } from './ask.ts'
import { chat } from './streamed-ask.ts'

/** By the test prices, where nothing but output is paid with it. */
export const nanoUsdPerToken = 2_000

export const strictBudget: BudgetNode = { id: 'bud_strict', scope: 'team', limitNanoUsd: '1000000000' }
export const balancedBudget: BudgetNode = { ...strictBudget, id: 'bud_balanced', mode: 'balanced' }

export interface ReservedStreamOptions extends FakeCallOptions {
  /** What was set aside, in tokens of output. */
  readonly tokens: number
  readonly budgets?: readonly BudgetNode[]
  readonly ownBudgets?: readonly BudgetNode[]
}

/** A streamed answer without a connection, to a call that has so much set aside. */
export function reservedStream({
  tokens,
  budgets = [strictBudget],
  ownBudgets = [],
  ...options
}: ReservedStreamOptions) {
  const target = { grant: grant(provider('acme'), ['*'], { budgets: ownBudgets }), model: model('small') }
  const call = new FakeCall({
    ...{ body: { ...chat, max_tokens: tokens }, key: key({ budgets }), targets: [target] },
    hold: hold(tokens * nanoUsdPerToken),
    ...options,
  })
  const headers = { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }
  const context = { call, target, secret: providerSecret, status: 200, headers }
  const answer = new StreamedAnswer(context, { hidesUsage: false, maxEventBytes: 10_000_000 })
  const controller = { pause: () => undefined, resume: () => undefined, abort: () => undefined }
  return {
    call,
    answer,
    send: (piece: string | Buffer) => answer.data([Buffer.from(piece)], controller),
  }
}
