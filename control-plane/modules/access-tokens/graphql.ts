import { builder } from '../../graphql/builder.ts'
import { expectedVersionField, StaleUpdate } from '../../graphql/concurrency-fields.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { transactionOf } from '../../service-context.ts'
import { confirmationFields, confirmed } from '../data-planes/index.ts'
import { UserType } from '../users/index.ts'
import { VirtualKeyEntity, VirtualKeyType } from '../virtual-keys/index.ts'
import { readDefaultKeyIds } from './holder.ts'
import { setDefaultVirtualKey } from './service.ts'

builder.objectField(UserType, 'defaultVirtualKey', (t) =>
  t.loadable({
    type: VirtualKeyType,
    nullable: true,
    permission: 'virtual_keys:view',
    description:
      'The virtual key that was chosen for their calls with an access token alone; null when none was, and then it is the only one that they own.',
    load: (userIds: string[], { services, actor }) =>
      transactionOf(services, actor, async (em) => {
        const chosen = await readDefaultKeyIds(em, actor.organizationId, userIds)
        const keys = await em.find(VirtualKeyEntity, { id: { $in: [...chosen.values()] } })
        return userIds.map((userId) => keys.find(({ id }) => id === chosen.get(userId)) ?? null)
      }),
    resolve: ({ id }) => id,
  }),
)

const SetDefaultVirtualKeyInput = builder.inputType('SetDefaultVirtualKeyInput', {
  description: 'Which key somebody’s calls use that carry an access token alone.',
  fields: (t) => ({
    ...expectedVersionField(t),
    userId: t.id({ required: true, description: 'The user.' }),
    virtualKeyId: t.id({
      description: 'A virtual key that they own; null or left out: the only one that they own.',
    }),
    ...confirmationFields(t),
  }),
})

builder.mutationFields((t) => ({
  setDefaultVirtualKey: t.field({
    type: UserType,
    permission: 'users:update',
    description: 'Says which virtual key the calls of a user use that carry an access token alone.',
    errors: { types: [NotFound, StaleUpdate] },
    args: { input: t.arg({ type: SetDefaultVirtualKeyInput, required: true, description: 'The choice.' }) },
    resolve: (_, { input }, { services, actor }) =>
      confirmed(services, actor, input, () => setDefaultVirtualKey(services, actor, input)),
  }),
}))
