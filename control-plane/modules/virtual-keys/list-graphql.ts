import { builder } from '../../graphql/builder.ts'
import { OrderDirectionType } from '../../graphql/ordered-page.ts'
import { VirtualKeyStatusType } from './types.ts'

export const VirtualKeyFilterInput = builder.inputType('VirtualKeyFilter', {
  description: 'Which keys; all conditions must hold.',
  fields: (t) => ({
    workspaceId: t.id({ description: 'That live in this workspace.' }),
    customerId: t.id({ description: 'That this customer owns.' }),
    teamId: t.id({ description: 'That this team owns.' }),
    userId: t.id({ description: 'That this user owns.' }),
    providerId: t.id({ description: 'That may use this provider.' }),
    accessProfileId: t.id({ description: 'That follow this access profile.' }),
    status: t.field({ type: VirtualKeyStatusType, description: 'Of this status.' }),
    tag: t.string({ description: 'That have this tag.' }),
    search: t.string({ description: 'Whose name contains this, whatever its case: 1 to 128 characters.' }),
    expiringBefore: t.field({ type: 'DateTime', description: 'That expire, or expired, before this time.' }),
  }),
})

const VirtualKeyOrderFieldType = builder.enumType('VirtualKeyOrderField', {
  description: 'What keys can be ordered by.',
  values: {
    CREATED_AT: { value: 'createdAt', description: 'When they were issued.' },
    NAME: { value: 'name', description: 'Their name.' },
    EXPIRES_AT: { value: 'expiresAt', description: 'When they expire; those that never do are the latest.' },
  } as const,
})

export const VirtualKeyOrderInput = builder.inputType('VirtualKeyOrder', {
  description: 'In which order keys are listed.',
  fields: (t) => ({
    field: t.field({ type: VirtualKeyOrderFieldType, required: true, description: 'By what.' }),
    direction: t.field({
      type: OrderDirectionType,
      required: true,
      defaultValue: 'asc',
      description: 'From which end.',
    }),
  }),
})
