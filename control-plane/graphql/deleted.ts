import { builder } from './builder.ts'

/** The answer of every deletion. */
export const DeletedType = builder.objectRef<{ id: string }>('Deleted').implement({
  description: 'What was deleted.',
  fields: (t) => ({ id: t.exposeID('id', { description: 'The id that names nothing any more.' }) }),
})

export const ByIdInput = builder.inputType('ByIdInput', {
  description: 'Names one object.',
  fields: (t) => ({ id: t.id({ required: true, description: 'Its id.' }) }),
})
