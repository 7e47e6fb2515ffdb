import type { SchemaMigration } from '../migration.ts'

/**
 * Sessions of a user who is deleted stay, good for nothing, until they are ended on record, as in the other stores. A
 * cascade would end them where nobody sees it.
 */
export const sessionsOfDeletedUsers: SchemaMigration = {
  name: '066-sessions-of-deleted-users',
  statements: () => ['alter table sessions drop constraint sessions_org_id_user_id_fkey'],
}
