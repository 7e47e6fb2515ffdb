import { builder } from '../../graphql/builder.ts'
import { VirtualKeyType } from '../virtual-keys/index.ts'
import { type CheckedItem, checkHardening, hardeningItems, passes } from './checklist.ts'
import { mostShown } from './item.ts'

const HardeningStatusType = builder.enumType('HardeningStatus', {
  description: 'Whether something is as it is to be before an installation goes live.',
  values: {
    PASS: { description: 'It is, as far as you may see.' },
    FAIL: { description: 'It is not: see what to do.' },
  } as const,
})

const HardeningItemType = builder.objectRef<CheckedItem>('HardeningItem').implement({
  description: 'One thing that is to be so before an installation goes live.',
  fields: (t) => ({
    id: t.string({
      description: `Its name, which never changes: ${hardeningItems.map(({ id }) => `\`${id}\``).join(', ')}.`,
      resolve: ({ item }) => item.id,
    }),
    status: t.field({
      type: HardeningStatusType,
      description: 'Whether it is so now.',
      resolve: (checked) => (passes(checked) ? 'PASS' : 'FAIL'),
    }),
    detail: t.string({ description: 'What is to be so.', resolve: ({ item }) => item.detail }),
    remediation: t.string({
      description: 'What to do while it is not.',
      resolve: ({ item }) => item.remediation,
    }),
    offenderCount: t.int({
      description: 'How many things are not as they are to be, of those that you may see; 0 when it passes.',
      resolve: ({ offenders }) => offenders.count,
    }),
    virtualKeys: t.field({
      type: [VirtualKeyType],
      nullable: { list: false, items: true },
      description: `The virtual keys among them, the oldest ${mostShown} at most; fix these and look again. Null in place of one that was deleted meanwhile.`,
      resolve: ({ offenders }) => [...offenders.virtualKeyIds],
    }),
  }),
})

const HardeningChecklistType = builder.objectRef<readonly CheckedItem[]>('HardeningChecklist').implement({
  description: 'What is to be so before an installation goes live, as it is at this moment.',
  fields: (t) => ({
    status: t.field({
      type: HardeningStatusType,
      description: '`PASS` when every item passes.',
      resolve: (items) => (items.every(passes) ? 'PASS' : 'FAIL'),
    }),
    items: t.field({
      type: [HardeningItemType],
      description: 'Each thing that is to be so; those that your role may not look into are left out.',
      resolve: (items) => [...items],
    }),
  }),
})

builder.queryField('hardeningChecklist', (t) =>
  t.field({
    type: HardeningChecklistType,
    permission: 'organization:view',
    description:
      'Whether the organization is ready to go live: each thing that is to be so, whether it is, and what to do. It looks at the database as it is now, for as much of it as you may see.',
    resolve: (_, _args, { services, actor }) => checkHardening(services, actor),
  }),
)
