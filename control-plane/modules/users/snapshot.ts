import type { UserAccess, User as UserDocument } from '../../../contract/configuration/entities.ts'
import type { User } from './entity.ts'

export function userSnapshot(user: User): UserDocument {
  const { id, teamId, active } = user
  const access = accessOf(user)
  return { kind: 'user', id, teamId, active, ...(restricts(access) && { access }) }
}

export function accessOf(user: User): UserAccess {
  const { allowedModels, deniedModels, allowedProviders, deniedProviders } = user
  return { allowedModels, deniedModels, allowedProviders, deniedProviders }
}

function restricts({ allowedModels, deniedModels, allowedProviders, deniedProviders }: UserAccess): boolean {
  const allowsAll = allowedModels.includes('*') && allowedProviders.includes('*')
  return !allowsAll || deniedModels.length > 0 || deniedProviders.length > 0
}
