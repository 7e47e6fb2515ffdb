import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import { createDatabase, type TestDatabase } from '../../environment/index.ts'
import { emptySchema, runMigrations } from './earlier-schema.ts'

/* What a database of an earlier release holds is what it was after the upgrade. */

let testDatabase: TestDatabase
beforeAll(async () => {
  testDatabase = await createDatabase()
})
afterAll(() => testDatabase.drop())

const isEarlier = (name: string) => name < '021'

const rowsOfEarlierRelease = [
  `insert into organizations (id, name, created_at) values ('org_1', 'Acme', now())`,
  `insert into workspaces (id, org_id, name, created_at) values ('ws_1', 'org_1', 'default', now())`,
  `insert into teams (id, org_id, workspace_id, name, created_at) values ('team_1', 'org_1', 'ws_1', 'eng', now())`,
  `insert into users (id, org_id, team_id, name, active, created_at)
     values ('usr_1', 'org_1', 'team_1', 'Ada', true, now()), ('usr_2', 'org_1', null, 'Bob', true, now())`,
  `insert into roles (id, org_id, name, description, system, permissions, inherited_role_ids, row_scope, created_at)
     values ('role_viewer', 'org_1', 'viewer', '', true, '[]', '[]', 'all', now())`,
  `insert into role_assignments (id, org_id, user_id, role_id, created_at)
     values ('ra_1', 'org_1', 'usr_1', 'role_viewer', now())`,
  // What a roll-back would write.
  `update users set name = 'Ada Lovelace' where id = 'usr_1'`,
  `update roles set description = 'Reads.' where id = 'role_viewer'`,
]

const clientConfigurationOfEarlierRelease = [
  `insert into organizations (id, name, created_at) values ('org_1', 'Acme', now())`,
  `insert into client_configurations select * from jsonb_populate_record(null::client_configurations, '{
     "id": "ccf_1", "org_id": "org_1", "version": 1, "allowed_origins": [], "allowed_headers": [],
     "forward_allowlist": [], "forward_denylist": [], "forward_direct": false, "required_headers": [],
     "ip_allowlist": [], "trusted_proxies": [], "require_approval_for_header_changes": true,
     "show_budget_amounts": false}')`,
  `update client_configurations set version = 2`,
  `insert into client_configuration_changes select * from jsonb_populate_record(null::client_configuration_changes, '{
     "id": "ccc_1", "org_id": "org_1", "configuration_version": 2, "before": {"forwardDirect": false},
     "after": {"forwardDirect": true}, "widens": [], "state": "pending", "requester": {},
     "requester_person_id": "usr_1", "requested_at": "2030-01-01", "expires_at": "2030-01-02"}')`,
]

describe('an upgrade', () => {
  it('finds users unrestricted, of the team that they are charged to, with the roles that they had', async () => {
    await withClient(testDatabase.ownerUrl, async (client) => {
      await emptySchema(client)
      await runMigrations(client, isEarlier)
    })
    await withClient(testDatabase.superuserUrl, async (client) => {
      for (const statement of rowsOfEarlierRelease) await client.query(statement)
    })
    // The owner, whom row-level security binds too.
    await withClient(testDatabase.ownerUrl, (client) => runMigrations(client, (name) => !isEarlier(name)))

    const open = {
      ...{ allowed_models: ['*'], denied_models: [], allowed_providers: ['*'], denied_providers: [] },
    }
    await withClient(testDatabase.superuserUrl, async (client) => {
      const read = async (sql: string) => (await client.query<object>(sql)).rows
      expect(
        await read(
          'select allowed_models, denied_models, allowed_providers, denied_providers from users order by id',
        ),
      ).toEqual([open, open])
      expect(await read('select id, user_id, team_id, workspace_id, source from memberships')).toEqual([
        { id: 'mb_1', user_id: 'usr_1', team_id: 'team_1', workspace_id: 'ws_1', source: 'home' },
      ])
      expect(await read('select withheld_permissions from roles')).toEqual([{ withheld_permissions: [] }])
      expect(await read('select object_id from role_assignments')).toEqual([{ object_id: null }])
      const images = await read(
        `select image from row_images where table_name in ('users', 'roles') and image is not null order by table_name`,
      )
      expect(images).toMatchObject([{ image: { withheld_permissions: [] } }, { image: open }])
      const walls = await read(
        `select relname from pg_class where relnamespace = 'public'::regnamespace and relrowsecurity
           and not relforcerowsecurity`,
      )
      expect(walls).toEqual([])
    })
  })

  it('finds that roles govern no inference and that every credential is accepted, in what a roll-back would write and in what waits for a second person', async () => {
    const isBefore = (name: string) => name < '062'
    await withClient(testDatabase.ownerUrl, async (client) => {
      await emptySchema(client)
      await runMigrations(client, isBefore)
    })
    await withClient(testDatabase.superuserUrl, async (client) => {
      for (const statement of clientConfigurationOfEarlierRelease) await client.query(statement)
    })
    await withClient(testDatabase.ownerUrl, (client) => runMigrations(client, (name) => !isBefore(name)))
    await withClient(testDatabase.superuserUrl, async (client) => {
      const read = async (sql: string) => (await client.query<object>(sql)).rows
      const found = { governs: false, accepted: ['API_TOKEN', 'JWT', 'SESSION'] }
      expect(
        await read(
          'select roles_govern_inference as governs, accepted_credentials as accepted from client_configurations',
        ),
      ).toEqual([found])
      expect(
        await read(
          `select image->'roles_govern_inference' as governs, image->'accepted_credentials' as accepted
           from row_images where table_name = 'client_configurations' and image is not null`,
        ),
      ).toEqual([found])
      const settings = { rolesGovernInference: false, acceptedCredentials: found.accepted }
      expect(await read('select before, after from client_configuration_changes')).toEqual([
        {
          before: { forwardDirect: false, ...settings },
          after: { forwardDirect: true, ...settings },
        },
      ])
    })
  })
})
