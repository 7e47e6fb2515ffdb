import { Migration, Migrator } from '@mikro-orm/migrations'
import { type EntityManager, MikroORM } from '@mikro-orm/postgresql'
import type { SchemaMigration } from './migration.ts'
import { migrations } from './migrations.ts'
import { quoteIdentifier } from './tenant-table.ts'

/** Any number, the same in every release: one migration of a database at a time. */
const migrationLock = 4_836_203_471

export interface MigrateOptions {
  /** Connects as the role that owns the tables. */
  readonly ownerUrl: string
  /** The role that the control plane runs as; created when it does not exist. */
  readonly applicationRole: string
  /** The password of that role, set whenever it is given. */
  readonly applicationPassword?: string
}

/** Brings the schema up to date. Running it again, or twice at once, changes nothing. */
export async function migrate(options: MigrateOptions): Promise<void> {
  await asOwner(options, async (orm) => {
    await exclusively(orm.em.fork(), (em) => ensureRole(em, options))
    await exclusively(orm.em.fork(), () => orm.migrator.up())
  })
}

/** Makes the application role, to which the tables of a backup give their rights. */
export async function ensureApplicationRole(options: MigrateOptions): Promise<void> {
  await asOwner(options, (orm) => exclusively(orm.em.fork(), (em) => ensureRole(em, options)))
}

async function asOwner(options: MigrateOptions, work: (orm: MikroORM) => Promise<void>): Promise<void> {
  const orm = await MikroORM.init({
    clientUrl: options.ownerUrl,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    ensureDatabase: false,
    extensions: [Migrator],
    migrations: {
      tableName: 'schema_migrations',
      migrationsList: migrations.map((migration) => ({
        name: migration.name,
        class: asMigrationClass(migration, options.applicationRole),
      })),
      snapshot: false,
      silent: true,
      disableForeignKeys: false,
    },
  })
  try {
    await work(orm)
  } finally {
    await orm.close(true)
  }
}

async function exclusively(em: EntityManager, work: (em: EntityManager) => Promise<unknown>): Promise<void> {
  await em.transactional(async (tx) => {
    await tx.execute('select pg_advisory_xact_lock(?)', [migrationLock])
    await work(tx)
  })
}

async function ensureRole(em: EntityManager, { applicationRole, applicationPassword }: MigrateOptions) {
  const role = quoteIdentifier(applicationRole)
  // Roles belong to the cluster, the lock to one database: another database's migration may be first.
  await em.execute(`do $$ begin
    if not exists (select from pg_roles where rolname = ${quoteLiteral(applicationRole)}) then
      create role ${role} login;
    end if;
    exception when duplicate_object or unique_violation then null;
  end $$`)
  if (applicationPassword !== undefined) {
    await em.execute(`alter role ${role} login password ${quoteLiteral(applicationPassword)}`)
  }
  await em.execute(`grant usage on schema public to ${role}`)
}

function quoteLiteral(text: string): string {
  if (/[\0\\$]/.test(text)) throw new TypeError('role names and passwords may not contain NUL, \\ or $')
  return `'${text.replaceAll("'", "''")}'`
}

function asMigrationClass({ name, statements }: SchemaMigration, applicationRole: string) {
  return class extends Migration {
    override name = name

    override up(): void {
      for (const statement of statements(applicationRole)) this.addSql(statement)
    }
  }
}
