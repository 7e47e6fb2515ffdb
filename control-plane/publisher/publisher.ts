import type { Version } from '../../contract/configuration/documents.ts'
import { TransportUnavailable } from '../../transport/transport.ts'
import type { BackgroundDependencies, BackgroundWork } from '../background/dependencies.ts'
import { FailureLog } from '../background/failure-log.ts'
import { startLoop } from '../background/loop.ts'
import { listenForChanges } from './notifications.ts'
import { OrganizationPublisher } from './organization-publisher.ts'
import { readVersions } from './revisions.ts'

const lookIntervalMs = 1_000
const renewIntervalMs = 3_000
const organizationsAtOnce = 4
/** No organization has this id: the loop reads only what belongs to none. */
const noOrganization = 'publisher'

export interface PublisherDependencies extends BackgroundDependencies {
  /** For the one connection that listens for commits. */
  readonly databaseUrl: string
}

/**
 * Publishes every organization's configuration for as long as it runs: at once when a change is committed, and a
 * renewed head every three seconds.
 */
export function startPublisher(deps: PublisherDependencies): BackgroundWork {
  const log = deps.log.child({ loop: 'publisher' })
  const fleet = new PublishedOrganizations({ ...deps, log })
  const loop = startLoop({ name: 'publisher', log, pauseMs: lookIntervalMs, step: () => fleet.round() })
  const notifications = listenForChanges({
    databaseUrl: deps.databaseUrl,
    log,
    onChange: () => loop.wake(),
  })
  return {
    async stop() {
      await notifications.stop()
      await loop.stop()
    },
  }
}

interface PublishedOrganization {
  readonly publisher: OrganizationPublisher
  version: Version | undefined
  /** On the monotonic clock. */
  syncedAtMs: number
}

class PublishedOrganizations {
  readonly #deps: BackgroundDependencies
  readonly #failures: FailureLog
  readonly #organizations = new Map<string, PublishedOrganization>()

  constructor(deps: BackgroundDependencies) {
    this.#deps = deps
    this.#failures = new FailureLog(deps.log)
  }

  /** One look at every organization; those that changed or whose head is old are published. */
  async round(): Promise<void> {
    const versions = await this.#deps.database.transaction(noOrganization, readVersions)
    for (const id of this.#organizations.keys()) if (!versions.has(id)) this.#organizations.delete(id)
    const due = [...versions].filter(([id, version]) => this.#isDue(id, version)).values()
    const work = Array.from({ length: organizationsAtOnce }, async () => {
      for (const [id, version] of due) await this.#publish(id, version)
    })
    const outcomes = await Promise.allSettled(work)
    const outage = outcomes.find((outcome) => outcome.status === 'rejected')
    if (outage) throw outage.reason
  }

  #isDue(id: string, version: Version): boolean {
    const known = this.#organizations.get(id)
    return (
      known?.version?.epoch !== version.epoch ||
      known.version.revision !== version.revision ||
      performance.now() - known.syncedAtMs >= renewIntervalMs
    )
  }

  /** One organization's trouble is its own, unless the store is away for all of them. */
  async #publish(id: string, version: Version): Promise<void> {
    const organization = this.#organizations.get(id) ?? {
      publisher: new OrganizationPublisher(this.#deps, id),
      version: undefined,
      syncedAtMs: Number.NEGATIVE_INFINITY,
    }
    this.#organizations.set(id, organization)
    try {
      await organization.publisher.sync()
      organization.version = version
      organization.syncedAtMs = performance.now()
      this.#failures.recovered(id)
    } catch (error) {
      organization.version = undefined
      if (error instanceof TransportUnavailable) throw error
      this.#failures.failed(id, error)
    }
  }
}
