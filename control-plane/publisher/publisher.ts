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
      fleet.changed(organizationId)
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
  /** Those that commits named since the last round began. */
  #changed = new Set<string>()
  /** On the monotonic clock. */
  #lookedAtMs = Number.NEGATIVE_INFINITY

  constructor(deps: BackgroundDependencies) {
    this.#deps = deps
    this.#failures = new FailureLog(deps.log)
  }

  /** A commit changed this organization: the next round publishes it without asking what changed. */
  changed(id: string): void {
    this.#changed.add(id)
    this.#organization(id).waitsSinceMs ??= performance.now()
  }

  /** Publishes what commits named, and once a second whatever else changed or whose head is old. */
  async round(): Promise<void> {
    const due = this.#changed
    this.#changed = new Set()
    if (due.size === 0 || performance.now() - this.#lookedAtMs >= lookIntervalMs) await this.#look(due)
    const ids = due.values()
    const work = Array.from({ length: organizationsAtOnce }, async () => {
      for (const id of ids) await this.#publish(id)
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

  /** A notification may be lost: the versions themselves say what is due. */
  async #look(due: Set<string>): Promise<void> {
    this.#lookedAtMs = performance.now()
    const versions = await this.#deps.database.transaction(noOrganization, readVersions)
    for (const id of this.#organizations.keys()) if (!versions.has(id)) this.#organizations.delete(id)
    for (const [id, version] of versions) {
      const organization = this.#organization(id)
      const isPublished = isSame(organization.version, version)
      if (!isPublished) organization.waitsSinceMs ??= performance.now()
      if (!isPublished || performance.now() - organization.syncedAtMs >= headRenewalMs) due.add(id)
    }
  }

  /** One organization's trouble is its own, unless the store is away for all of them. */
  async #publish(id: string): Promise<void> {
    const organization = this.#organization(id)
    try {
      organization.version = await organization.publisher.sync()
      organization.syncedAtMs = performance.now()
      organization.waitsSinceMs = this.#changed.has(id) ? performance.now() : undefined
      this.#failures.recovered(id)
    } catch (error) {
      organization.version = undefined
      this.#lookedAtMs = Number.NEGATIVE_INFINITY
      if (error instanceof TransportUnavailable) throw error
      this.#failures.failed(id, error)
    }
  }

  #organization(id: string): PublishedOrganization {
    const known = this.#organizations.get(id)
    if (known) return known
    const organization = {
      publisher: new OrganizationPublisher(this.#deps, id),
      version: undefined,
      syncedAtMs: Number.NEGATIVE_INFINITY,
      waitsSinceMs: undefined,
    }
    this.#organizations.set(id, organization)
    return organization
  }
}

function isSame(known: Version | undefined, version: Version): boolean {
  return known?.epoch === version.epoch && known.revision === version.revision
}
