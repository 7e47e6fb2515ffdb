import { readFileSync, writeSync } from 'node:fs'
import { ConfigurationFollower } from '../data-plane/config/follow.ts'
import { Authority, enrolledIdentity } from '../test/data-plane/config/authority.ts'
import { TestChannel } from '../test/data-plane/config/channel.ts'
import { baseEntities, virtualKey } from '../test/data-plane/config/entities.ts'
import type { Report, SavingKeys } from './torn-saves.ts'

/*
 * Restores the configuration that an earlier process left on disk, as a data plane does, then applies and saves one after
 * the other until it is killed.
 */

const virtualKeys = 400
/** The others arrive as a delta. */
const snapshotEvery = 3
const stdout = 1

const [stateDirectory = '', keysFile = '', firstRevision = '0'] = process.argv.slice(2)
const keys: SavingKeys = JSON.parse(readFileSync(keysFile, 'utf8'))
const authority = await Authority.create(keys.authority)
const channel = new TestChannel()
const follower = new ConfigurationFollower({
  channel,
  identity: enrolledIdentity(authority, keys.dataPlane).identity,
  stateDirectory,
  accept: () => undefined,
  log: { info() {}, warn() {}, error() {} },
  now: Date.now,
})

await follower.restore()
report({ restored: appliedRevision() })

authority.revision = Number(firstRevision)
authority.change([...baseEntities, ...Array.from({ length: virtualKeys }, (_, at) => virtualKey(`vk_${at}`))])
for (;;) {
  const name = `revision ${authority.revision + 1}`
  authority.change([virtualKey(`vk_${authority.revision % virtualKeys}`, { name })])
  channel.publish(authority)
  authority.deltas.length = 0
  if (authority.revision % snapshotEvery === 0) channel.deltas = []
  report({ saving: authority.revision })
  await follower.refresh()
  if (appliedRevision() !== authority.revision) throw new Error(follower.state.current.lastError ?? 'stuck')
  report({ saved: authority.revision })
}

function appliedRevision(): number {
  return follower.state.current.applied?.revision ?? 0
}

/** At once: a kill must not take back what was said. */
function report(said: Report): void {
  writeSync(stdout, `${JSON.stringify(said)}\n`)
}
