import type { WritableBundle } from '../../contract/configuration/bundle.ts'
import {
  type ConfigurationPoll,
  openPoll,
  pollClockSkewMs,
  pollHoldMs,
  sealRevocationNotice,
} from '../../contract/configuration-poll.ts'
import { SignatureRefused } from '../../contract/signed.ts'
import { ContractViolation } from '../../contract/validation.ts'
import { recordStanding } from '../ingest/node-reports.ts'
import { type DataPlaneKeys, readPublicKeys } from '../modules/data-planes/index.ts'
import { type HeldPoll, HeldPolls } from './held-polls.ts'
import { PolledConfiguration, type PolledDependencies } from './polled-configuration.ts'

/** Not asked by a data plane of the organization; the message may be shown to whoever asked. */
export class PollRefused extends Error {
  override readonly name = 'PollRefused'
}

/** Asked by a data plane that was revoked; it may know that, and nothing else. */
export class RevokedDataPlaneAsked extends Error {
  override readonly name = 'RevokedDataPlaneAsked'
  /** Signed, for it to believe. */
  readonly notice: string

  constructor(notice: string) {
    super('this data plane was revoked')
    this.notice = notice
  }
}

export interface PollRequest {
  readonly organizationId: string
  readonly dataPlaneId: string
  /** The signed poll. */
  readonly envelope: string
}

/** What was read for an organization is let go when nobody has asked for so long. */
const idleMs = 60_000

/** Answers the data planes that ask the control plane for their configuration, because the store is silent. */
export class ConfigurationPolls {
  readonly #deps: PolledDependencies
  readonly #held = new HeldPolls()
  readonly #organizations = new Map<
    string,
    { readonly configuration: PolledConfiguration; readonly idle: NodeJS.Timeout }
  >()

  constructor(deps: PolledDependencies) {
    this.#deps = deps
  }

  /** There may be something new for this organization. */
  wake(organizationId: string): void {
    this.#held.wake(organizationId)
  }

  close(): void {
    this.#held.close()
    for (const { idle } of this.#organizations.values()) clearTimeout(idle)
  }

  /**
   * @param onHeld gets what ends the wait when whoever asked is gone.
   * @throws PollRefused, RevokedDataPlaneAsked, TooManyPolls
   */
  async answer(request: PollRequest, onHeld: (held: HeldPoll) => void): Promise<WritableBundle> {
    const { organizationId, dataPlaneId } = request
    const { poll, keys } = await this.#authenticate(request)
    const held = this.#held.hold(organizationId, dataPlaneId)
    onHeld(held)
    try {
      const deadline = performance.now() + pollHoldMs
      const configuration = this.#configurationOf(organizationId)
      for (;;) {
        const leftMs = deadline - performance.now()
        const mayWait = leftMs > 0 && !held.hasEnded
        const answer = await configuration.answer(poll, keys.sealingKey, { mayWait })
        if (answer) return answer
        if (!mayWait) throw new PollRefused('there is no configuration of this organization')
        await held.rest(leftMs)
      }
    } finally {
      held.end()
    }
  }

  /** Takes in what a genuine data plane says of itself, at once: somebody may be waiting for it. */
  async #authenticate({ organizationId, dataPlaneId, envelope }: PollRequest) {
    // The database would refuse some texts with an error of its own.
    if (![organizationId, dataPlaneId].every((id) => idForm.test(id))) throw unknownDataPlane()
    const { database, secrets, now } = this.#deps
    return database.transaction(organizationId, async (em) => {
      const keys = await readPublicKeys(em, organizationId, dataPlaneId)
      const poll = openGenuine({ organizationId, dataPlaneId, envelope }, keys, now())
      if (!keys || !poll) throw unknownDataPlane()
      if (keys.isRevoked) {
        const notice = { format: 1 as const, organizationId, dataPlaneId }
        const signers = await secrets.signers.read(em)
        throw new RevokedDataPlaneAsked(sealRevocationNotice(notice, signers))
      }
      if (poll.standing) await recordStanding(em, organizationId, dataPlaneId, poll.standing, now())
      return { poll, keys }
    })
  }

  #configurationOf(organizationId: string): PolledConfiguration {
    const known = this.#organizations.get(organizationId)
    if (known) {
      known.idle.refresh()
      return known.configuration
    }
    const configuration = new PolledConfiguration(this.#deps, organizationId)
    const idle = setTimeout(() => this.#organizations.delete(organizationId), idleMs).unref()
    this.#organizations.set(organizationId, { configuration, idle })
    return configuration
  }
}

const idForm = /^\w{1,128}$/

function unknownDataPlane(): PollRefused {
  return new PollRefused('this data plane is unknown, or did not sign this')
}

/** @throws PollRefused when it was signed at another time. */
function openGenuine(
  { organizationId, dataPlaneId, envelope }: PollRequest,
  keys: DataPlaneKeys | undefined,
  now: number,
): ConfigurationPoll | undefined {
  let poll: ConfigurationPoll
  try {
    poll = openPoll(envelope, (keyId) => (keyId === dataPlaneId ? keys?.signingKey : undefined))
  } catch (error) {
    if (error instanceof SignatureRefused || error instanceof ContractViolation) return undefined
    throw error
  }
  if (poll.organizationId !== organizationId || poll.dataPlaneId !== dataPlaneId) return undefined
  const skewMs = Math.abs(now - poll.issuedAt)
  if (skewMs > pollClockSkewMs) {
    throw new PollRefused(
      `the poll was signed ${Math.round(skewMs / 1_000)} s away from the time of this control plane: set the clocks right`,
    )
  }
  return poll
}
