import Type, { type Static } from 'typebox'
import { closed, Id, NanoUsd, Nullable, Timestamp } from './parts.ts'

/** What is left out asks for nothing: a data plane of the release before holds back a model with prices it does not know. */
const Prices = Type.Object(
  {
    inputNanoUsdPerMillionTokens: NanoUsd,
    cachedInputNanoUsdPerMillionTokens: NanoUsd,
    outputNanoUsdPerMillionTokens: NanoUsd,
    imageNanoUsd: NanoUsd,
    reasoningNanoUsdPerMillionTokens: Type.Optional(NanoUsd),
    audioInputNanoUsdPerMillionTokens: Type.Optional(NanoUsd),
    audioOutputNanoUsdPerMillionTokens: Type.Optional(NanoUsd),
    callNanoUsd: Type.Optional(NanoUsd),
    toolCallNanoUsd: Type.Optional(NanoUsd),
  },
  closed,
)

export const Model = Type.Object(
  {
    kind: Type.Literal('model'),
    id: Id,
    providerId: Id,
    /** What callers name. */
    name: Type.String(),
    /** What the provider is asked for; differs from `name` for an alias. */
    upstreamName: Type.String(),
    maxOutputTokens: Nullable(Type.Integer({ minimum: 1 })),
    /** Null: no call that a budget governs may use it. Unknown is never free. */
    prices: Nullable(Prices),
    /** Those that follow by the clock, earliest first; absent: none. */
    scheduledPrices: Type.Optional(
      Type.Array(Type.Object({ from: Timestamp, prices: Prices }, closed), { minItems: 1 }),
    ),
  },
  closed,
)

export type Model = Static<typeof Model>
