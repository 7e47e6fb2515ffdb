import { builder } from '../../graphql/builder.ts'
import { BusinessUnitType } from '../business-units/index.ts'
import { CustomerType } from '../customers/index.ts'
import { ProviderType } from '../providers/index.ts'
import { TeamType } from '../teams/index.ts'
import { UserType } from '../users/index.ts'
import { VirtualKeyType } from '../virtual-keys/index.ts'
import { UsageFilterInput, UsageTotalsType } from './graphql.ts'
import { usageFilterOf } from './service.ts'
import { mostUsageGroups, summarizeUsage, type UsageDimension, type UsageGroup } from './summary.ts'

const UsageDimensionType = builder.enumType('UsageDimension', {
  description: 'What calls are grouped by.',
  values: {
    DAY: { description: 'The day on which they began, in UTC.' },
    MODEL: { description: 'The model as the caller named it.' },
    PROVIDER: { description: 'The provider that was chosen.' },
    OUTCOME: { description: 'How they ended.' },
    VIRTUAL_KEY: { description: 'The key that they were made with.' },
    USER: { description: 'The user they are charged to.' },
    TEAM: { description: 'The team they are charged to.' },
    BUSINESS_UNIT: { description: 'The business unit they are charged to.' },
    CUSTOMER: { description: 'The customer they are charged to.' },
  },
})

const UsageGroupType = builder.objectRef<UsageGroup>('UsageGroup').implement({
  description:
    'Calls that have the asked dimensions in common. A dimension that was not asked for is null, and so is one that these calls do not have.',
  fields: (t) => ({
    day: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'The midnight in UTC with which their day began.',
      resolve: ({ values }) => (values.DAY == null ? null : new Date(values.DAY)),
    }),
    model: t.string({
      nullable: true,
      description: 'Their model as the caller named it.',
      resolve: (group) => textOf(group, 'MODEL'),
    }),
    provider: t.field({
      type: ProviderType,
      nullable: true,
      description: 'Their provider.',
      resolve: (group) => textOf(group, 'PROVIDER'),
    }),
    outcome: t.string({
      nullable: true,
      description: 'How they ended.',
      resolve: (group) => textOf(group, 'OUTCOME'),
    }),
    virtualKey: t.field({
      type: VirtualKeyType,
      nullable: true,
      description: 'Their virtual key.',
      resolve: (group) => textOf(group, 'VIRTUAL_KEY'),
    }),
    user: t.field({
      type: UserType,
      nullable: true,
      description: 'Their user.',
      resolve: (group) => textOf(group, 'USER'),
    }),
    team: t.field({
      type: TeamType,
      nullable: true,
      description: 'Their team.',
      resolve: (group) => textOf(group, 'TEAM'),
    }),
    businessUnit: t.field({
      type: BusinessUnitType,
      nullable: true,
      description: 'Their business unit.',
      resolve: (group) => textOf(group, 'BUSINESS_UNIT'),
    }),
    customer: t.field({
      type: CustomerType,
      nullable: true,
      description: 'Their customer.',
      resolve: (group) => textOf(group, 'CUSTOMER'),
    }),
    totals: t.expose('totals', { type: UsageTotalsType, description: 'What they come to.' }),
  }),
})

function textOf({ values }: UsageGroup, dimension: Exclude<UsageDimension, 'DAY'>): string | null {
  const value = values[dimension]
  return typeof value === 'string' ? value : null
}

builder.queryField('usageSummary', (t) =>
  t.field({
    type: [UsageGroupType],
    permission: 'usage:view',
    description: `Sums over the calls of your organization, by day, model and so on; at most ${mostUsageGroups} groups.`,
    args: {
      groupBy: t.arg({
        type: [UsageDimensionType],
        required: true,
        description: 'What makes a group, each dimension once; groups are ordered by them.',
      }),
      filter: t.arg({ type: UsageFilterInput, description: 'Only these calls.' }),
    },
    resolve: (_, { groupBy, filter }, { services, actor }) =>
      summarizeUsage(services, actor, usageFilterOf(filter ?? {}, services.now()), groupBy),
  }),
)
