import type { ConfigurationBundle } from '../../contract/configuration/bundle.ts'
import { compareVersions, type Version } from '../../contract/configuration/documents.ts'
import type { NodeStanding } from '../../contract/configuration-poll.ts'
import { type AskControlPlane, PollFailed, type Question, Revoked } from './ask-control-plane.ts'
import { statementOf } from './head-statement.ts'
import type { ConfigurationLog } from './log.ts'
import type { Trust } from './verify.ts'

export interface PollsOptions {
  readonly ask: AskControlPlane
  readonly trust: Trust
  /** What this data plane says of itself with each poll. */
  readonly standing: () => NodeStanding
  readonly onAnswer: () => void
  readonly onRevoked: () => void
  readonly log: ConfigurationLog
  /** Least time from one poll to the next, unless something happened. */
  readonly pauseMs?: number
}

/** Polls the control plane for as long as it is wanted, one poll after the other, and keeps what it answered last. */
export class ControlPlanePolls {
  readonly #options: PollsOptions
  #running: AbortController | undefined
  #isClosed = false
  #bundle: ConfigurationBundle | undefined
  #hasArrived = false
  #needsSnapshot = false
  #needsCredentials = false
  /** Ends the poll or the pause under way. */
  #interrupt = new AbortController()
  #isFailing = false

  constructor(options: PollsOptions) {
    this.#options = options
  }

  get bundle(): ConfigurationBundle | undefined {
    return this.#bundle
  }

  /** The latest answer, once. */
  takeArrived(): ConfigurationBundle | undefined {
    if (!this.#hasArrived) return undefined
    this.#hasArrived = false
    return this.#bundle
  }

  start(): void {
    if (this.#running || this.#isClosed) return
    this.#running = new AbortController()
    this.#options.log.warn({}, 'the store between the planes is silent: the control plane is asked')
    void this.#run(this.#running.signal)
  }

  stop(): void {
    if (!this.#running) return
    this.#options.log.info({}, 'the control plane is asked no more')
    this.#running.abort()
    this.#running = undefined
    this.#bundle = undefined
    this.#hasArrived = false
    this.#isFailing = false
  }

  /** Nobody is asked any more, whoever starts it. */
  close(): void {
    this.#isClosed = true
    this.stop()
  }

  /** There is something to tell: the next poll begins now. */
  wake(): void {
    this.#interrupt.abort()
  }

  /** The deltas that came did not lead on. */
  demandSnapshot(): void {
    this.#needsSnapshot = true
    this.wake()
  }

  demandCredentials(): void {
    this.#needsCredentials = true
    this.wake()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { ask, log, pauseMs = 1_000 } = this.#options
    while (!signal.aborted) {
      this.#interrupt = new AbortController()
      const interrupt = AbortSignal.any([signal, this.#interrupt.signal])
      const askedAt = performance.now()
      try {
        const answer = await ask(this.#question(), interrupt)
        if (signal.aborted) return
        this.#receive(answer)
        if (this.#isFailing) log.info({}, 'the control plane answers again')
        this.#isFailing = false
        // One that was held took as long already.
        await pause(pauseMs - (performance.now() - askedAt), interrupt)
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof Revoked) this.#options.onRevoked()
        else if (interrupt.aborted) continue
        if (!this.#isFailing)
          log.warn({ reason: reasonOf(error) }, 'the control plane does not answer either')
        this.#isFailing = true
        const retryMs = (error instanceof PollFailed && error.retryAfterMs) || pauseMs
        await pause(retryMs * (0.8 + 0.4 * Math.random()), signal)
      }
    }
  }

  #question(): Question {
    const { appliedEpoch: epoch, appliedRevision: revision, ...standing } = this.#options.standing()
    const applied = epoch === 0 ? null : { epoch, revision }
    return {
      from: this.#needsSnapshot ? null : applied,
      offered: this.#needsSnapshot ? null : this.#offered(applied),
      needsCredentials: this.#needsCredentials,
      standing: { appliedEpoch: epoch, appliedRevision: revision, ...standing },
    }
  }

  #offered(applied: Version | null): Version | null {
    const statement = this.#bundle && statementOf(this.#bundle.head, this.#options.trust)
    if (!statement || (applied && compareVersions(applied, statement) >= 0)) return applied
    return { epoch: statement.epoch, revision: statement.revision }
  }

  /** A head that was only renewed leaves the documents of its version as they are. */
  #receive(answer: ConfigurationBundle): void {
    const { trust, onAnswer } = this.#options
    const known = this.#bundle
    const isRenewal = known && answer.snapshot === null && answer.deltas.length === 0
    const [before, after] = [known?.head, answer.head].map((head) => head && statementOf(head, trust))
    const isSameVersion = before && after && compareVersions(before, after) === 0
    this.#bundle =
      isRenewal && isSameVersion
        ? { ...known, head: answer.head, credentials: answer.credentials ?? known.credentials }
        : answer
    if (answer.snapshot !== null) this.#needsSnapshot = false
    if (answer.credentials !== null) this.#needsCredentials = false
    this.#hasArrived = true
    onAnswer()
  }
}

/** Hands over to the event loop once at least: an answer may come without one turn of it, and then nothing else would run. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return new Promise((resolve) => setImmediate(resolve))
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message
}
