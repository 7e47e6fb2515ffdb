import { createClient } from '@redis/client'
import pg from 'pg'
import { leak, secretOf } from './canaries.ts'
import { chat } from './canary-calls.ts'
import { type CanaryRun, mutate } from './canary-mutations.ts'
import { databaseUrl, redisUrl } from './embedded-stores.ts'
import { configurationApplied } from './keys.ts'

/** Puts the leaked name where the secrets must not be: each kind of place has to be found out. */
export async function leakEverywhere(run: CanaryRun): Promise<void> {
  const talkative = { name: 'talkative', enabled: true, position: { side: 'AFTER', of: 'rbac' } }
  await mutate(run, 'configurePlugin', 'ConfigurePluginInput', '... on Plugin { name }', talkative)
  await configurationApplied(run.gateway)
  await chat(run, { authorization: `Bearer ${secretOf('imported virtual key')}` }, leak)
  await chat(run, { authorization: `Bearer ${secretOf('imported virtual key')}` }, 'echo-whole')
  const database = new pg.Client({ connectionString: databaseUrl(run.gateway) })
  await database.connect()
  await database.query('create table leaks (plain text, document jsonb, bytes bytea)')
  const values = [leak, { deep: [Buffer.from(leak).toString('base64')] }, Buffer.from(leak)]
  await database.query('insert into leaks values ($1, $2, $3)', values)
  await database.end()
  const store = await createClient({ url: redisUrl(run.gateway) }).connect()
  await store.set('leak:string', leak)
  await store.hSet('leak:hash', 'field', leak)
  await store.sAdd('leak:set', leak)
  await store.rPush('leak:list', leak)
  await store.zAdd('leak:zset', { score: 1, value: leak })
  await store.xAdd('leak:stream', '*', { field: Buffer.from(leak).toString('base64') })
  await store.publish('leak:channel', leak)
  await store.close()
}
