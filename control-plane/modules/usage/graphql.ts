import { type CallOutcome, callOutcomes } from '../../../contract/events.ts'
import { builder } from '../../graphql/builder.ts'
import { registerNodeType } from '../../graphql/node-types.ts'
import { loadVisible } from '../../graphql/nodes.ts'
import { listOrderedPage } from '../../graphql/ordered-page.ts'
import { CustomerType } from '../customers/index.ts'
import { ProviderType } from '../providers/index.ts'
import { TeamType } from '../teams/index.ts'
import { UserType } from '../users/index.ts'
import { VirtualKeyType } from '../virtual-keys/index.ts'
import { type UsageRecord, UsageRecordEntity } from './entity.ts'
import { usageCondition, usageFilterOf } from './service.ts'
import { readUsageTotals } from './summary.ts'
import type { UsageTotals } from './sums.ts'

registerNodeType('call', 'UsageRecord')

export const UsageRecordType = builder.loadableNodeRef('UsageRecord', {
  id: { resolve: (record: UsageRecord) => record.id },
  load: (ids: string[], context) => loadVisible(context, 'usage:view', UsageRecordEntity, ids),
})

UsageRecordType.implement({
  description: 'One call, served or refused.',
  fields: (t) => ({
    attemptId: t.exposeID('attemptId', { description: 'Under this id it was charged, once.' }),
    requestId: t.exposeString('requestId', { description: 'What the caller got as x-request-id.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When it began.' }),
    durationMs: t.exposeFloat('durationMs', { description: 'Milliseconds until its end.' }),
    operation: t.exposeString('operation', { description: '`chat_completions`, `embeddings`, …' }),
    streamed: t.exposeBoolean('streamed', { description: 'Whether the answer was streamed.' }),
    virtualKey: t.field({
      type: VirtualKeyType,
      nullable: true,
      description: 'The key that it was made with; null when none was recognised.',
      resolve: ({ virtualKeyId }) => virtualKeyId,
    }),
    user: t.field({
      type: UserType,
      nullable: true,
      description: 'The user it is charged to.',
      resolve: ({ userId }) => userId,
    }),
    team: t.field({
      type: TeamType,
      nullable: true,
      description: 'The team it is charged to.',
      resolve: ({ teamId }) => teamId,
    }),
    customer: t.field({
      type: CustomerType,
      nullable: true,
      description: 'The customer it is charged to.',
      resolve: ({ customerId }) => customerId,
    }),
    provider: t.field({
      type: ProviderType,
      nullable: true,
      description: 'The provider that was chosen.',
      resolve: ({ providerId }) => providerId,
    }),
    model: t.exposeString('requestedModel', { nullable: true, description: 'As the caller named it.' }),
    upstreamModel: t.exposeString('upstreamModel', {
      nullable: true,
      description: 'As the provider was asked for it.',
    }),
    inputTokens: t.exposeInt('inputTokens', { description: 'Tokens of the request.' }),
    outputTokens: t.exposeInt('outputTokens', { description: 'Tokens of the answer.' }),
    audioInputTokens: t.exposeInt('audioInputTokens', { description: 'Of `inputTokens`, those of sound.' }),
    reasoningTokens: t.exposeInt('reasoningTokens', {
      description: 'Of `outputTokens`, those that were thought and not said.',
    }),
    audioOutputTokens: t.exposeInt('audioOutputTokens', {
      description: 'Of `outputTokens`, those of sound.',
    }),
    toolCalls: t.exposeInt('toolCalls', { description: 'How often the provider ran a tool of its own.' }),
    estimated: t.exposeBoolean('estimated', {
      description: 'Whether the provider reported no usage, so that the tokens are counted by Gatehouse.',
    }),
    costNanoUsd: t.expose('costNanoUsd', { type: 'NanoUsd', description: 'What it cost.' }),
    outcome: t.exposeString('outcome', { description: `How it ended: ${callOutcomes.join(', ')}.` }),
    status: t.exposeInt('status', { description: 'The HTTP status that the caller got.' }),
    errorCode: t.exposeString('errorCode', {
      nullable: true,
      description: 'The type of the error that the caller got.',
    }),
    epoch: t.exposeInt('epoch', { description: 'Epoch of the configuration that decided.' }),
    revision: t.exposeInt('revision', { description: 'Revision of the configuration that decided.' }),
  }),
})

export const UsageTotalsType = builder.objectRef<UsageTotals>('UsageTotals').implement({
  description: 'Sums over all calls that match, not only those of this page.',
  fields: (t) => ({
    requests: t.exposeFloat('requests', { description: 'How many calls.' }),
    inputTokens: t.exposeFloat('inputTokens', { description: 'Tokens of their requests.' }),
    outputTokens: t.exposeFloat('outputTokens', { description: 'Tokens of their answers.' }),
    costNanoUsd: t.expose('costNanoUsd', { type: 'NanoUsd', description: 'What they cost.' }),
  }),
})

const outcomeDescriptions: Readonly<Record<CallOutcome, string>> = {
  succeeded: 'The provider answered, and the caller got all of it.',
  denied: 'It was refused before the provider was asked.',
  failed: 'The provider was asked, and there was no answer that could be passed on.',
  cancelled: 'The caller went away.',
  unknown: 'Nobody saw its end.',
}

export const CallOutcomeType = builder.enumType('CallOutcome', {
  description: 'How a call ended.',
  values: Object.fromEntries(
    callOutcomes.map((outcome) => [outcome, { value: outcome, description: outcomeDescriptions[outcome] }]),
  ) as Record<CallOutcome, { value: CallOutcome; description: string }>,
})

export const UsageFilterInput = builder.inputType('UsageFilter', {
  description: 'Which calls; all conditions must hold.',
  fields: (t) => ({
    virtualKeyId: t.id({ description: 'Made with this virtual key.' }),
    userId: t.id({ description: 'Charged to this user.' }),
    teamId: t.id({ description: 'Charged to this team.' }),
    businessUnitId: t.id({ description: 'Charged to this business unit.' }),
    customerId: t.id({ description: 'Charged to this customer.' }),
    providerId: t.id({ description: 'Sent to this provider.' }),
    outcome: t.field({ type: CallOutcomeType, description: 'Ended like this.' }),
    requestId: t.string({ description: 'Answered under this `x-request-id`.' }),
    from: t.field({ type: 'DateTime', description: 'Begun at this time or later.' }),
    to: t.field({ type: 'DateTime', description: 'Begun before this time.' }),
    within: t.field({
      type: 'Duration',
      description: 'Begun within this time before now, instead of `from`.',
    }),
  }),
})

builder.queryField('usage', (t) =>
  t.connection(
    {
      type: UsageRecordType,
      permission: 'usage:view',
      description: 'The calls of your organization, newest first, refused ones included.',
      args: { filter: t.arg({ type: UsageFilterInput, description: 'Only these.' }) },
      resolve: async (_, { filter: input, ...page }, context) => {
        const filter = usageFilterOf(input ?? {}, context.services.now())
        const where = usageCondition(context.actor, filter)
        const order = { column: 'at', direction: 'desc' } as const
        const listed = await listOrderedPage(context, UsageRecordEntity, page, { where, order })
        let totals: Promise<UsageTotals> | undefined
        const readTotals = () => {
          totals ??= readUsageTotals(context.services, context.actor, filter)
          return totals
        }
        // The sums of days know it without the calls being counted.
        return { ...listed, readTotals, totalCount: async () => (await readTotals()).requests }
      },
    },
    {
      name: 'UsageConnection',
      description: 'A page of calls.',
      fields: (t) => ({
        totals: t.field({
          type: UsageTotalsType,
          description: 'Sums over all pages.',
          resolve: (connection) => connection.readTotals(),
        }),
      }),
    },
    { name: 'UsageEdge', description: 'A call with its cursor.' },
  ),
)
