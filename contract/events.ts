import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false } as const
const Id = Type.String({ minLength: 1, maxLength: 128 })
const OptionalId = Type.Union([Id, Type.Null()])
const Text = Type.Union([Type.String(), Type.Null()])
const Count = Type.Integer({ minimum: 0 })
const Timestamp = Type.Integer({ minimum: 0 })

/** How a call ended. `denied`: before the provider was asked. `unknown`: its end was never written. */
export const callOutcomes = ['succeeded', 'denied', 'failed', 'cancelled', 'unknown'] as const
export type CallOutcome = (typeof callOutcomes)[number]

/** One call, refused or served: the usage record and the audit event in one. */
export const CallFinished = Type.Object(
  {
    type: Type.Literal('call.finished'),
    /** The id under which it is recorded and settled, once, however often it arrives. */
    attemptId: Id,
    requestId: Type.String({ maxLength: 128 }),
    startedAt: Timestamp,
    durationMs: Type.Number({ minimum: 0 }),
    operation: Type.String(),
    streamed: Type.Boolean(),
    workspaceId: OptionalId,
    virtualKeyId: OptionalId,
    userId: OptionalId,
    teamId: OptionalId,
    businessUnitId: OptionalId,
    customerId: OptionalId,
    providerId: OptionalId,
    providerKeyId: OptionalId,
    providerConfigId: OptionalId,
    /** As the caller named it, and as the provider was asked. */
    requestedModel: Text,
    upstreamModel: Text,
    inputTokens: Count,
    cachedInputTokens: Count,
    outputTokens: Count,
    images: Count,
    /** Parts of the tokens above that may have prices of their own, and uses of the provider's tools; absent: 0. */
    audioInputTokens: Type.Optional(Count),
    reasoningTokens: Type.Optional(Count),
    audioOutputTokens: Type.Optional(Count),
    toolCalls: Type.Optional(Count),
    /** Whether the provider gave no usage, so that the counts are ours. */
    estimated: Type.Boolean(),
    costNanoUsd: Count,
    outcome: Type.Enum(callOutcomes),
    status: Type.Integer(),
    errorCode: Text,
    /** The plugin that refused. */
    refusedBy: Text,
    /** Network origin of the provider that was asked. */
    upstreamOrigin: Text,
    /** Names and value hashes of the caller's headers that went upstream, and names of those that did not. */
    forwardedHeaders: Type.Array(Type.Object({ name: Type.String(), sha256: Type.String() }, closed)),
    droppedHeaders: Type.Array(Type.String()),
    sourceAddress: Text,
    epoch: Count,
    revision: Count,
    /** What this call spends of each lease; shorter as text, see charges.ts. Their sum per level is `costNanoUsd`. */
    charges: Type.Array(Type.Object({ leaseId: Id, nanoUsd: Count }, closed)),
  },
  closed,
)

/** A data plane needs a lease no more; nothing after this event charges it. */
export const LeaseClosed = Type.Object({ type: Type.Literal('lease.closed'), leaseId: Id }, closed)

/** What a data plane runs, or why it does not run what it was offered. */
export const NodeReported = Type.Object(
  {
    type: Type.Literal('node.reported'),
    at: Timestamp,
    version: Type.String(),
    appliedEpoch: Count,
    appliedRevision: Count,
    appliedHash: Text,
    status: Type.Union([Type.Literal('applied'), Type.Literal('refused'), Type.Literal('awaiting')]),
    /** Why the offered revision was refused. */
    error: Text,
    /** Which one that was; absent where nothing was refused, or nothing of it could be read. */
    refused: Type.Optional(Type.Object({ epoch: Count, revision: Count }, closed)),
    /** Ids of the control plane's signing keys that it believes; absent while that is the one of its enrolment. */
    trustedKeys: Type.Optional(Type.Array(Id, { maxItems: 2 })),
    /** What is skipped of the configuration that runs, as it says that it may be; absent: nothing. */
    ignored: Type.Optional(Type.Array(Type.String())),
    /** What is not served of it because it could not be read whole, with the reasons; absent: nothing. */
    heldBack: Type.Optional(Type.Array(Type.String())),
    plugins: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          version: Type.String(),
          builtin: Type.Boolean(),
          /** JSON Schema of the plugin's configuration. */
          configSchema: Type.Unknown(),
        },
        closed,
      ),
    ),
  },
  closed,
)

/** The journal had no room: of these calls there is no other record than their number. */
export const CallsUnrecorded = Type.Object(
  {
    type: Type.Literal('calls.unrecorded'),
    /** Under which it is taken in, once, however often it arrives. */
    id: Id,
    from: Timestamp,
    until: Timestamp,
    served: Count,
    refused: Count,
  },
  closed,
)

/** Lines of the journal cannot be read, and what they told is lost. */
export const JournalDamaged = Type.Object(
  {
    type: Type.Literal('journal.damaged'),
    /** Under which it is taken in, once, however often it arrives. */
    id: Id,
    at: Timestamp,
    lines: Count,
    bytes: Count,
  },
  closed,
)

export const DataPlaneEvent = Type.Union([
  CallFinished,
  LeaseClosed,
  NodeReported,
  CallsUnrecorded,
  JournalDamaged,
])

export type CallFinished = Static<typeof CallFinished>
export type LeaseClosed = Static<typeof LeaseClosed>
export type NodeReported = Static<typeof NodeReported>
export type CallsUnrecorded = Static<typeof CallsUnrecorded>
export type JournalDamaged = Static<typeof JournalDamaged>
export type DataPlaneEvent = Static<typeof DataPlaneEvent>
