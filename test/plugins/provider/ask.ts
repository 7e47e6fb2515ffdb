import type { BuiltinHooks, CompiledProvider, CompiledProviderKey } from 'gatehouse/plugin-sdk/builtin'
import { onTestFinished } from 'vitest'
import provider from '../../../plugins/provider/index.ts'
import { FakeCall, type FakeCallOptions } from '../fake-call.ts'
import { provider as compiledProvider, grant, model } from '../fake-configuration.ts'
import { type FakeHostOptions, fakeHost } from '../fake-host.ts'

export const providerSecret = 'provider-secret-0123456789'

export const defaultLimits = {
  maxConcurrentCalls: 10,
  maxDurationMs: 30_000,
  drainMs: 10_000,
  maxAnswerBytes: 1_000_000,
  maxEventBytes: 100_000,
}

export interface AskOptions extends FakeCallOptions {
  readonly baseUrl: string
  readonly model?: Parameters<typeof model>[1]
  readonly provider?: Partial<CompiledProvider>
  readonly providerKeys?: readonly CompiledProviderKey[]
  readonly limits?: Partial<typeof defaultLimits>
  readonly host?: FakeHostOptions
}

/** A call that is ready to be answered by the provider stage. */
export function prepareAsk(options: AskOptions) {
  const { host, record } = fakeHost(options.host)
  const stage: BuiltinHooks = provider.setup({ ...defaultLimits, ...options.limits }, host)
  onTestFinished(async () => stage.close?.())
  const granted = compiledProvider('acme', [], {
    baseUrl: options.baseUrl,
    origin: new URL(options.baseUrl).origin,
    ...options.provider,
  })
  const keys = options.providerKeys && { providerKeys: options.providerKeys }
  const target = { grant: grant(granted, ['*'], keys), model: model('small', options.model) }
  const call = new FakeCall({ targets: [target], ...options })
  return { call, stage, record, reply: call.reply, answer: async () => stage.respond?.(call) }
}
