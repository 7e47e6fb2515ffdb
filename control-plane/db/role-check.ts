import type { EntityManager } from '@mikro-orm/postgresql'

export class BypassingRole extends Error {
  override readonly name = 'BypassingRole'
}

/**
 * Refuses a database role that row-level security does not bind, or that could switch it off.
 *
 * @throws BypassingRole
 */
export async function refuseBypassingRole(em: EntityManager): Promise<void> {
  const [role] = await em.execute<{ name: string; superuser: boolean; bypasses: boolean; owns: boolean }[]>(
    `select current_user as name, rolsuper as superuser, rolbypassrls as bypasses,
       exists (
         select from pg_class
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
           and pg_has_role(current_user, relowner, 'member')
       ) as owns
     from pg_roles where rolname = current_user`,
  )
  if (!role) throw new BypassingRole('the database does not say which role is connected')
  const reason =
    (role.superuser && 'is a superuser') ||
    (role.bypasses && 'has BYPASSRLS') ||
    (role.owns && 'owns tables of this database')
  if (!reason) return
  throw new BypassingRole(
    `the database role "${role.name}" ${reason}, so row-level security would not keep organizations apart: connect as the application role that "gatehouse migrate" made (DATABASE_URL)`,
  )
}
