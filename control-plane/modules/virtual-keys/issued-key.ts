import { builder } from '../../graphql/builder.ts'
import { unconfirmedDescription } from '../data-planes/index.ts'
import type { IssuedKey } from './service.ts'
import { VirtualKeyType } from './types.ts'

export const IssuedVirtualKeyType = builder.objectRef<IssuedKey>('IssuedVirtualKey').implement({
  description: 'A key and its secret.',
  fields: (t) => ({
    virtualKey: t.expose('virtualKey', { type: VirtualKeyType, description: 'The key.' }),
    secret: t.exposeString('secret', {
      description: 'What the application sends. Shown here and never again: only its digest is stored.',
    }),
    unconfirmed: t.int({
      description: unconfirmedDescription,
      resolve: ({ unconfirmed = 0 }) => unconfirmed,
    }),
  }),
})
