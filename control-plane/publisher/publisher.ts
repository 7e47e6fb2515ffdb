import { headRenewalMs, type Version } from '../../contract/configuration/documents.ts'
import { TransportUnavailable } from '../../transport/transport.ts'
import type { BackgroundDependencies, BackgroundWork } from '../background/dependencies.ts'
import { FailureLog } from '../background/failure-log.ts'
import { startLoop } from '../background/loop.ts'
import { listenTo } from '../db/notifications.ts'
import { OrganizationPublisher } from './organization-publisher.ts'
import { configurationChannel } from './revision.ts'
import { readVersions } from './revisions.ts'

const lookIntervalMs = 1_000
const organizationsAtOnce = 4
/** No organization has this id: the loop reads only what belongs to none. */
const noOrganization = 'publisher'

export interface PublisherDependencies extends BackgroundDependencies {
  /** For the one connection that listens for commits. */
  readonly databaseUrl: string
  /** Told of every commit that changed the configuration of an organization; a hint, which may be lost. */
  readonly onCommit?: (organizationId: string) => void
}

export interface Publisher extends BackgroundWork {
  /** How long the oldest change that this process has seen waits for its publication; 0 when none waits. */
  lagMs(): number
}

/**
 * Publishes every organization's configuration for as long as it runs: at once when a change is committed, and a
 * renewed head every three seconds.
 */
export function startPublisher(deps: PublisherDependencies): Publisher {
  const log = deps.log.child({ loop: 'publisher' })
  const fleet = new PublishedOrganizations({ ...deps, log })
  const loop = startLoop({ name: 'publisher', log, pauseMs: lookIntervalMs, step: () => fleet.round() })
  const notifications = listenTo({
    channel: configurationChannel,
    databaseUrl: deps.databaseUrl,
    log,
    onNotification: (organizationId) => {
      loop.wake()
      deps.onCommit?.(organizationId)
    },
  })
  return {
    lagMs: () => fleet.lagMs(),
    async stop() {
      await notifications.stop()
      await loop.stop()
      await fleet.stop()
    },
  }
}

interface PublishedOrganization {
  readonly publisher: OrganizationPublisher
  version: Version | undefined
  /** On the monotonic clock. */
  syncedAtMs: number
  /** When a change was seen that is not published yet, on the monotonic clock. */
  waitsSinceMs: number | undefined
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

  async stop(): Promise<void> {
    await Promise.all([...this.#organizations.values()].map(({ publisher }) => publisher.stop()))
  }

  lagMs(): number {
    const now = performance.now()
    const waits = [...this.#organizations.values()].map(({ waitsSinceMs }) => now - (waitsSinceMs ?? now))
    return Math.max(0, ...waits)
  }

  #isDue(id: string, version: Version): boolean {
    const known = this.#organizations.get(id)
    if (!known || !isSame(known.version, version)) return true
    return performance.now() - known.syncedAtMs >= headRenewalMs
  }

  /** One organization's trouble is its own, unless the store is away for all of them. */
  async #publish(id: string, version: Version): Promise<void> {
    const organization = this.#organizations.get(id) ?? {
      publisher: new OrganizationPublisher(this.#deps, id),
      version: undefined,
      syncedAtMs: Number.NEGATIVE_INFINITY,
      waitsSinceMs: undefined,
    }
    this.#organizations.set(id, organization)
    if (!isSame(organization.version, version)) organization.waitsSinceMs ??= performance.now()
    try {
      await organization.publisher.sync()
      organization.version = version
      organization.syncedAtMs = performance.now()
      organization.waitsSinceMs = undefined
      this.#failures.recovered(id)
    } catch (error) {
      organization.version = undefined
      if (error instanceof TransportUnavailable) throw error
      this.#failures.failed(id, error)
    }
  }
}

function isSame(known: Version | undefined, version: Version): boolean {
  return known?.epoch === version.epoch && known.revision === version.revision
}
