import { builder } from '../../graphql/builder.ts'
import { AlreadyIssued, IdempotencyKeyReused, repeatKeyField } from '../../graphql/concurrency-fields.ts'
import { NotFound } from '../../graphql/refusals.ts'
import { RightsExceeded } from '../roles/index.ts'
import { ApiTokenEnded } from './errors.ts'
import { IssuedApiTokenType } from './graphql.ts'
import { longestOverlapSeconds, rotateApiToken } from './rotation.ts'

const RotateApiTokenInput = builder.inputType('RotateApiTokenInput', {
  description: 'Gives an API token a new secret.',
  fields: (t) => ({
    ...repeatKeyField(t),
    id: t.id({ required: true, description: 'The token: one that you could issue yourself.' }),
    overlapSeconds: t.int({
      required: true,
      description: `How long the secret that it has still works: 0 to ${longestOverlapSeconds}, which are 7 days. A secret before that one ends at once.`,
    }),
  }),
})

builder.mutationField('rotateApiToken', (t) =>
  t.field({
    type: IssuedApiTokenType,
    permission: 'api_tokens:rotate',
    description: 'Gives an API token a new secret, while the old one goes on for a time.',
    errors: { types: [NotFound, ApiTokenEnded, RightsExceeded, AlreadyIssued, IdempotencyKeyReused] },
    args: { input: t.arg({ type: RotateApiTokenInput, required: true, description: 'The rotation.' }) },
    resolve: (_, { input }, { services, actor }) => rotateApiToken(services, actor, input),
  }),
)
