import Type from 'typebox'

/* What the entities of a configuration are made of. */

export const closed = { additionalProperties: false } as const
export const Id = Type.String({ minLength: 1, maxLength: 128 })
/** Milliseconds since the epoch. */
export const Timestamp = Type.Integer({ minimum: 0 })
export const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])
/** `[]` allows nothing, `["*"]` everything; otherwise the names themselves. [X0-23] */
export const AllowList = Type.Array(Type.String({ minLength: 1 }))
export const Networks = Type.Array(Type.String(), { minItems: 1 })
export const NanoUsd = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

/** A head is signed every three seconds and looked for every second: what is asked for must outlast a few that are lost. */
export const staleness = { minimumSeconds: 10, maximumSeconds: 30 * 24 * 60 * 60 } as const
export const StalenessSeconds = Type.Integer({
  minimum: staleness.minimumSeconds,
  maximum: staleness.maximumSeconds,
})
