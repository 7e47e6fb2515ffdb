import { builder } from '../../graphql/builder.ts'
import { AlreadyIssued, IdempotencyKeyReused, repeatKeyField } from '../../graphql/concurrency-fields.ts'
import { NotFound } from '../../graphql/refusals.ts'
import {
  confirmedOrCounted,
  countedConfirmationFields,
  unconfirmedDescription,
} from '../data-planes/index.ts'
import { KeyRevoked } from './errors.ts'
import { IssuedVirtualKeyType } from './issued-key.ts'
import { VirtualKeyFilterInput } from './list-graphql.ts'
import { mostRotatedAtOnce, type RotatedKey, rotateVirtualKey, rotateVirtualKeys } from './rotation.ts'
import { VirtualKeyType } from './types.ts'

const overlapDescription =
  'How long the old secret still works: 0 to 86400. A secret before that one ends at once.'

const RotateVirtualKeyInput = builder.inputType('RotateVirtualKeyInput', {
  description: 'Gives a key a new secret.',
  fields: (t) => ({
    ...repeatKeyField(t),
    id: t.id({ required: true, description: 'The key.' }),
    overlapSeconds: t.int({ required: true, description: overlapDescription }),
    ...countedConfirmationFields(t),
  }),
})

const RotateVirtualKeysInput = builder.inputType('RotateVirtualKeysInput', {
  description: `Gives many keys new secrets: either \`virtualKeyIds\` or a \`filter\`, at most ${mostRotatedAtOnce} keys.`,
  fields: (t) => ({
    virtualKeyIds: t.idList({ description: 'These keys.' }),
    filter: t.field({
      type: VirtualKeyFilterInput,
      description: 'Those that match and are not revoked: `{ teamId: … }` are all keys of a team.',
    }),
    overlapSeconds: t.int({ required: true, description: overlapDescription }),
    ...countedConfirmationFields(t),
    rotationKey: t.string({
      required: true,
      description:
        'Your own name for this rotation, 1 to 128 characters. Under one name a key is rotated once, so that asking again is harmless: it rotates the keys that are left.',
    }),
  }),
})

const RotatedVirtualKeyType = builder.objectRef<RotatedKey>('RotatedVirtualKey').implement({
  description: 'A key of a rotation in bulk.',
  fields: (t) => ({
    virtualKey: t.expose('virtualKey', { type: VirtualKeyType, description: 'The key.' }),
    secret: t.exposeString('secret', {
      nullable: true,
      description:
        'What the application sends from now on; null when the rotation of this name was made before and its secret was shown then. A secret that was lost on the way takes another rotation.',
    }),
  }),
})

const RotatedVirtualKeysType = builder
  .objectRef<{ rotated: readonly RotatedKey[]; unconfirmed: number }>('RotatedVirtualKeys')
  .implement({
    description: 'What a rotation in bulk did.',
    fields: (t) => ({
      rotated: t.field({
        type: [RotatedVirtualKeyType],
        description: 'Every key of the rotation, oldest first.',
        resolve: ({ rotated }) => [...rotated],
      }),
      unconfirmed: t.exposeInt('unconfirmed', { description: unconfirmedDescription }),
    }),
  })

builder.mutationFields((t) => ({
  rotateVirtualKey: t.field({
    type: IssuedVirtualKeyType,
    permission: 'virtual_keys:rotate',
    objectAt: 'input.id',
    description: 'Gives a key a new secret, while the old one goes on for a time.',
    errors: { types: [NotFound, KeyRevoked, AlreadyIssued, IdempotencyKeyReused] },
    args: { input: t.arg({ type: RotateVirtualKeyInput, required: true, description: 'The rotation.' }) },
    resolve: (_, { input }, { services, actor }) =>
      confirmedOrCounted(services, actor, input, () => rotateVirtualKey(services, actor, input)),
  }),
  rotateVirtualKeys: t.field({
    type: RotatedVirtualKeysType,
    permission: 'virtual_keys:rotate',
    description: 'Gives many keys new secrets in one revision: all of them or, when one is refused, none.',
    errors: { types: [NotFound, KeyRevoked] },
    args: { input: t.arg({ type: RotateVirtualKeysInput, required: true, description: 'The rotation.' }) },
    resolve: (_, { input }, { services, actor }) =>
      confirmedOrCounted(services, actor, input, async () => ({
        rotated: await rotateVirtualKeys(services, actor, input),
      })),
  }),
}))
