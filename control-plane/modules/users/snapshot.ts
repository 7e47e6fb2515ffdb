import type { User as UserDocument } from '../../../contract/configuration/entities.ts'
import type { User } from './entity.ts'

export function userSnapshot({ id, teamId, active }: User): UserDocument {
  return { kind: 'user', id, teamId, active }
}
