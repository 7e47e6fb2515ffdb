import { builder } from './builder.ts'
import { Refusal } from './errors.ts'

/** The interface of all refusals. */
export const RefusalInterface = builder.interfaceRef<Refusal>('Refusal').implement({
  description: 'Why a mutation did not do what was asked. Nothing was changed.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'What is wrong and what to do, for a person.' }),
    code: t.exposeString('code', { description: 'What is wrong, for a program; it never changes.' }),
  }),
})

/** Makes a refusal a GraphQL type that a mutation can list in its errors. */
export function refusalType(refusal: new (...args: string[]) => Refusal, description: string): void {
  builder.objectType(refusal, {
    name: refusal.name,
    description,
    interfaces: [RefusalInterface],
    isTypeOf: (value) => value instanceof refusal,
  })
}

export class NotFound extends Refusal {
  constructor(what: string, id: string) {
    super('NOT_FOUND', `There is no ${what} "${id}"`)
  }
}

export class NameTaken extends Refusal {
  constructor(what: string, name: string) {
    super('NAME_TAKEN', `There is already a ${what} named "${name}": choose another name`)
  }
}

export class InUse extends Refusal {
  constructor(what: string, users: string) {
    super('IN_USE', `This ${what} still has ${users}: delete or move them first`)
  }
}

refusalType(NotFound, 'The id names nothing, or nothing that you may see.')
refusalType(NameTaken, 'Another object of the same kind and place has this name.')
refusalType(InUse, 'Other objects depend on the object that was to be deleted.')
