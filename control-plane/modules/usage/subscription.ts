import { builder } from '../../graphql/builder.ts'
import { followRows } from '../../live/follow-rows.ts'
import { UsageRecordEntity } from './entity.ts'
import { UsageFilterInput, UsageRecordType } from './graphql.ts'
import { usageCondition, usageFilterOf } from './service.ts'

builder.subscriptionField('usageRecorded', (t) =>
  t.field({
    type: UsageRecordType,
    permission: 'usage:view',
    description: 'Each call of the organization once its data plane has reported it, none left out.',
    args: {
      filter: t.arg({ type: UsageFilterInput, description: 'Only these.' }),
      after: t.arg.id({ description: 'Begin behind this call, the last one that you have; without: now.' }),
    },
    subscribe: (_, { filter, after }, context) =>
      followRows(context, {
        topic: 'usage',
        permission: 'usage:view',
        table: 'usage_records',
        entity: UsageRecordEntity,
        where: (actor) => usageCondition(actor, usageFilterOf(filter ?? {}, context.services.now())),
        after,
      }),
    resolve: (record) => record,
  }),
)
