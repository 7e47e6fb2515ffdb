import { builder } from '../../graphql/builder.ts'
import { BusinessUnitType } from '../business-units/index.ts'
import { CustomerType } from '../customers/index.ts'
import { OrganizationType } from '../organizations/index.ts'
import { ProviderType } from '../providers/index.ts'
import { TeamType } from '../teams/index.ts'
import { UserType } from '../users/index.ts'
import { VirtualKeyType } from '../virtual-keys/index.ts'
import { WorkspaceType } from '../workspaces/index.ts'
import { CallOutcomeType, UsageTotalsType } from './graphql.ts'
import { usageFilterOf } from './service.ts'
import { mostUsageGroups, mostUsageIntervals, summarizeUsage, type UsageGroup } from './summary.ts'

const UsageDimensionType = builder.enumType('UsageDimension', {
  description: 'What calls are grouped by.',
  values: {
    ORGANIZATION: { description: 'The organization, which is yours.' },
    WORKSPACE: { description: 'The workspace of the key that they were made with.' },
    CUSTOMER: { description: 'The customer they are charged to.' },
    BUSINESS_UNIT: { description: 'The business unit they are charged to.' },
    TEAM: { description: 'The team they are charged to.' },
    USER: { description: 'The user they are charged to.' },
    VIRTUAL_KEY: { description: 'The key that they were made with.' },
    TAG: {
      description:
        'Each tag that the key has now. Calls of a key with several tags are in the group of each, so that groups add up to more than there is; calls of a key without tags, or one that is deleted, are in the group without a tag.',
    },
    PROVIDER: { description: 'The provider that was chosen.' },
    MODEL: { description: 'The model as the caller named it.' },
    UPSTREAM_MODEL: { description: 'The model as the provider was asked for it.' },
    OUTCOME: { description: 'How they ended.' },
  },
})

const UsageIntervalType = builder.enumType('UsageInterval', {
  description: 'For how long calls are summed into one group, by the time at which they began.',
  values: {
    MINUTE: { description: 'A minute.' },
    HOUR: { description: 'An hour, counted from midnight of the time zone.' },
    DAY: { description: 'A day of the time zone.' },
    WEEK: { description: 'A week of the time zone, from Monday on.' },
    MONTH: { description: 'A calendar month of the time zone.' },
  },
})

const UsageSummaryFilterInput = builder.inputType('UsageSummaryFilter', {
  description:
    'Which calls are summed. All conditions must hold, of a list one entry; an empty list matches no call.',
  fields: (t) => ({
    workspaceIds: t.idList({ description: 'Made with a key of one of these workspaces.' }),
    customerIds: t.idList({ description: 'Charged to one of these customers.' }),
    businessUnitIds: t.idList({ description: 'Charged to one of these business units.' }),
    teamIds: t.idList({ description: 'Charged to one of these teams.' }),
    userIds: t.idList({ description: 'Charged to one of these users.' }),
    virtualKeyIds: t.idList({ description: 'Made with one of these virtual keys.' }),
    tags: t.stringList({ description: 'Made with a key that has one of these tags now; at most 32.' }),
    providerIds: t.idList({ description: 'Sent to one of these providers.' }),
    models: t.stringList({ description: 'For one of these models, as callers named them.' }),
    upstreamModels: t.stringList({
      description: 'For one of these models, as providers were asked for them.',
    }),
    outcomes: t.field({ type: [CallOutcomeType], description: 'Ended in one of these ways.' }),
    from: t.field({ type: 'DateTime', description: 'Begun at this time or later.' }),
    to: t.field({ type: 'DateTime', description: 'Begun before this time.' }),
    within: t.field({
      type: 'Duration',
      description: 'Begun within this time before now, instead of `from`.',
    }),
  }),
})

const UsageGroupType = builder.objectRef<UsageGroup>('UsageGroup').implement({
  description:
    'Calls that have the asked dimensions in common. A dimension that was not asked for is null, and so is one that these calls do not have.',
  fields: (t) => ({
    from: t.expose('from', {
      type: 'DateTime',
      nullable: true,
      description:
        'When their interval began, also where the filter begins within it; null when none was asked for.',
    }),
    organization: t.field({
      type: OrganizationType,
      nullable: true,
      description: 'Their organization.',
      resolve: ({ values }) => values.ORGANIZATION,
    }),
    workspace: t.field({
      type: WorkspaceType,
      nullable: true,
      description: 'Their workspace.',
      resolve: ({ values }) => values.WORKSPACE,
    }),
    model: t.string({
      nullable: true,
      description: 'Their model as the caller named it.',
      resolve: ({ values }) => values.MODEL,
    }),
    upstreamModel: t.string({
      nullable: true,
      description: 'Their model as the provider was asked for it.',
      resolve: ({ values }) => values.UPSTREAM_MODEL,
    }),
    tag: t.string({
      nullable: true,
      description: 'A tag of their key.',
      resolve: ({ values }) => values.TAG,
    }),
    provider: t.field({
      type: ProviderType,
      nullable: true,
      description: 'Their provider.',
      resolve: ({ values }) => values.PROVIDER,
    }),
    outcome: t.string({
      nullable: true,
      description: 'How they ended.',
      resolve: ({ values }) => values.OUTCOME,
    }),
    virtualKey: t.field({
      type: VirtualKeyType,
      nullable: true,
      description: 'Their virtual key.',
      resolve: ({ values }) => values.VIRTUAL_KEY,
    }),
    user: t.field({
      type: UserType,
      nullable: true,
      description: 'Their user.',
      resolve: ({ values }) => values.USER,
    }),
    team: t.field({
      type: TeamType,
      nullable: true,
      description: 'Their team.',
      resolve: ({ values }) => values.TEAM,
    }),
    businessUnit: t.field({
      type: BusinessUnitType,
      nullable: true,
      description: 'Their business unit.',
      resolve: ({ values }) => values.BUSINESS_UNIT,
    }),
    customer: t.field({
      type: CustomerType,
      nullable: true,
      description: 'Their customer.',
      resolve: ({ values }) => values.CUSTOMER,
    }),
    totals: t.expose('totals', { type: UsageTotalsType, description: 'What they come to.' }),
  }),
})

builder.queryField('usageSummary', (t) =>
  t.field({
    type: [UsageGroupType],
    permission: 'usage:view',
    description: `Sums over the calls of your organization, by interval, model and so on; at most ${mostUsageGroups} groups. Groups without calls are left out. \`GET /usage.csv\` answers the same as CSV.`,
    args: {
      groupBy: t.arg({
        type: [UsageDimensionType],
        required: true,
        defaultValue: [],
        description:
          'What makes a group, each dimension once; groups are ordered by interval and dimensions.',
      }),
      interval: t.arg({
        type: UsageIntervalType,
        description: `Sums each interval on its own, up to that of now unless the filter ends; at most ${mostUsageIntervals} of them.`,
      }),
      timeZone: t.arg.string({
        description:
          'By whose clocks intervals begin, as an IANA name such as `Europe/Berlin`; UTC unless given.',
      }),
      filter: t.arg({ type: UsageSummaryFilterInput, description: 'Only these calls.' }),
    },
    resolve: (_, { groupBy, interval, timeZone, filter }, { services, actor }) =>
      summarizeUsage(services, actor, {
        groupBy,
        interval: interval ?? undefined,
        timeZone: timeZone ?? undefined,
        filter: usageFilterOf(filter ?? {}, services.now()),
      }),
  }),
)
