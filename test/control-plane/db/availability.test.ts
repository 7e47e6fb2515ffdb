import { expect, it } from 'vitest'
import { withClient } from '../../../cli/embedded/database.ts'
import { openDatabase } from '../../../control-plane/db/database.ts'
import { createDatabase } from '../../environment/index.ts'
import { eventually } from '../../transport/poll.ts'

it('a database that is closed at once leaves no connection behind', async () => {
  const { applicationUrl, superuserUrl, drop } = await createDatabase()
  await using ends = new AsyncDisposableStack()
  ends.defer(drop)
  for (let times = 0; times < 20; times += 1) {
    const database = await openDatabase({ url: applicationUrl })
    await database.close()
  }
  const sessions = () =>
    withClient(superuserUrl, async (client) => {
      const { rows } = await client.query(
        'select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      )
      return rows
    })
  // The server takes a moment to notice that a connection has ended.
  expect(
    await eventually('no session is left', async () => (await sessions()).length === 0 || undefined),
  ).toBe(true)
})
