import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ConfigurationBundle } from '../../../contract/configuration/bundle.ts'
import { compareVersions, type Version } from '../../../contract/configuration/documents.ts'
import { type Question, Revoked } from '../../../data-plane/config/ask-control-plane.ts'
import { BothWaysFollower } from '../../../data-plane/config/both-ways.ts'
import type { Identity } from '../../../data-plane/config/identity.ts'
import { ConfigurationRefused } from '../../../data-plane/config/refusal.ts'
import type { ConfigChannel } from '../../../transport/config-channel.ts'
import { TransportUnavailable } from '../../../transport/transport.ts'
import { Authority, enrolledIdentity, textOf } from './authority.ts'
import { TestChannel } from './channel.ts'
import { baseEntities, digestOf, virtualKey } from './entities.ts'

const silent = { info() {}, warn() {}, error() {} }
/** Longer than any silence that the renewal of heads explains. */
const silenceMs = 10_000
const convergenceLimitMs = 30_000

/** What a thief of the store might have kept of an earlier time. */
type StoredState = Pick<TestChannel, 'head' | 'snapshot' | 'deltas'>

/** One control plane, one store, and data planes that each may be cut off from either. */
export class World {
  readonly authority: Authority
  readonly store = new TestChannel()
  readonly nodes: readonly Node[]
  readonly kept: StoredState[] = []
  readonly revoked = new Set<string>()
  readonly identity: Identity
  sealedCredentials = ''
  now = 1_000_000
  elapsedMs = 0
  #keys = 1
  #moved = Promise.withResolvers<void>()

  private constructor(authority: Authority, nodes: number) {
    this.authority = authority
    const { identity, sealingJwk } = enrolledIdentity(authority)
    this.identity = identity
    this.sealingJwk = sealingJwk
    this.nodes = Array.from({ length: nodes }, () => new Node(this))
  }

  readonly sealingJwk: Record<string, unknown>

  static async create(nodes: number): Promise<World> {
    const world = new World(await Authority.create(), nodes)
    world.authority.change(baseEntities)
    world.sealedCredentials = await world.authority.credentials(world.sealingJwk)
    world.store.credentials = world.sealedCredentials
    world.publish()
    for (const node of world.nodes) {
      await node.follower.restore()
      await node.follower.refresh()
    }
    return world
  }

  get activeKeys(): string[] {
    const keys = [...this.authority.entities.values()].filter((entity) => entity.kind === 'virtual_key')
    return keys.filter(({ status }) => status === 'active').map(({ id }) => id)
  }

  issueKey(): void {
    this.#keys += 1
    this.authority.change([virtualKey(`vk_${this.#keys}`)])
  }

  revokeKey(id: string, { removed }: { readonly removed: boolean }): void {
    this.revoked.add(id)
    this.authority.revoked.push(id)
    if (removed) this.authority.change([], [`virtual_key/${id}`])
    else this.authority.change([virtualKey(id, { status: 'revoked' })])
  }

  /** A head names only what was revoked lately. */
  forgetRevocations(): void {
    this.authority.revoked.length = 0
  }

  beginEpoch(): void {
    this.authority.epoch += 1
    this.authority.deltas.length = 0
    this.authority.change([])
  }

  publish(options: { readonly snapshot?: boolean } = {}): void {
    this.store.publish(this.authority, options)
    const { head, snapshot, deltas } = this.store
    this.kept.push({ head, snapshot, deltas })
  }

  /** Those that wait for the control plane look whether something changed. */
  move(): void {
    this.#moved.resolve()
    this.#moved = Promise.withResolvers()
  }

  get moved(): Promise<void> {
    return this.#moved.promise
  }

  /** Time passes: heads are old, pauses are over, polls have been held long enough. */
  letTimePass(): void {
    this.now += 60_000
    this.elapsedMs += silenceMs
    this.move()
  }

  /** Waits until every data plane runs what the control plane decided. */
  async converged(): Promise<void> {
    const { epoch, revision, hash } = this.authority.snapshot()
    const wanted = `${epoch}/${revision} ${hash}`
    const deadline = performance.now() + convergenceLimitMs
    for (;;) {
      const found = this.nodes.map(({ standing }) => standing)
      if (found.every((standing) => standing === wanted)) return
      if (performance.now() > deadline) throw new Error(`wanted ${wanted}, found ${found.join(', ')}`)
      this.letTimePass()
      await Promise.all(this.nodes.map((node) => node.follower.refresh()))
      await delay(2)
    }
  }

  async close(): Promise<void> {
    for (const node of this.nodes) await node.close()
  }
}

/** A data plane, and how it reaches the others. */
export class Node {
  readonly #world: World
  readonly stateDirectory = mkdtempSync(join(tmpdir(), 'gatehouse-world-'))
  /** Keys that this data plane has refused as revoked. */
  readonly #seenRevoked = new Set<string>()
  readonly #answers: ConfigurationBundle[] = []
  #reached: Version = { epoch: 0, revision: 0 }
  reachesStore = true
  reachesControlPlane = true
  /** Whoever stands between gives the first answer again, or leaves out deltas. */
  hearsOldAnswers = false
  losesDeltas = false
  /** What comes does not fit what this data plane has loaded. */
  refuses = false
  isRevoked = false
  readonly questions: Question[] = []
  follower: BothWaysFollower

  constructor(world: World) {
    this.#world = world
    this.follower = this.#begin()
  }

  get standing(): string {
    const { applied } = this.follower.state.current
    return `${applied?.epoch}/${applied?.revision} ${applied?.hash}`
  }

  get answersWithDocuments(): number {
    return this.#answers.filter(({ snapshot, deltas }) => snapshot !== null || deltas.length > 0).length
  }

  async look(): Promise<void> {
    this.#world.now += 60_000
    await this.follower.refresh()
  }

  async restart(): Promise<void> {
    await this.follower.close()
    this.follower = this.#begin()
    await this.follower.restore()
  }

  heal(): void {
    Object.assign(this, { reachesStore: true, reachesControlPlane: true })
    Object.assign(this, { hearsOldAnswers: false, losesDeltas: false })
  }

  /** @throws Error when this data plane went back, or admits a key that it has seen revoked. */
  check(): void {
    const { applied } = this.follower.state.current
    if (applied && compareVersions(applied, this.#reached) < 0) {
      throw new Error(`went back from ${this.#reached.epoch}/${this.#reached.revision} to ${this.standing}`)
    }
    this.#reached = applied ?? this.#reached
    const { configuration } = this.follower
    if (!configuration) return
    for (const id of this.#world.revoked) {
      const status = configuration.keyByDigest(digestOf(id))?.status
      const isAdmitted = status === 'active' && !configuration.isRevoked(id)
      if (isAdmitted && this.#seenRevoked.has(id))
        throw new Error(`${id} is admitted again at ${this.standing}`)
      if (status === 'revoked' || configuration.isRevoked(id)) this.#seenRevoked.add(id)
    }
  }

  async close(): Promise<void> {
    await this.follower.close()
    rmSync(this.stateDirectory, { recursive: true })
  }

  #begin(): BothWaysFollower {
    const world = this.#world
    return new BothWaysFollower({
      channel: this.#storeAsReached(),
      ask: (question, signal) => this.#ask(question, signal),
      identity: world.identity,
      stateDirectory: this.stateDirectory,
      accept: () => {
        if (this.refuses) throw new ConfigurationRefused('it does not fit')
      },
      log: silent,
      now: () => world.now,
      elapsedMs: () => world.elapsedMs,
      pauseMs: 1,
      version: '1.0.0',
    })
  }

  #storeAsReached(): ConfigChannel {
    const { store } = this.#world
    const reached = <T>(read: () => Promise<T>): Promise<T> =>
      this.reachesStore ? read() : Promise.reject(new TransportUnavailable('the store is out of reach'))
    return {
      readHead: () => reached(() => store.readHead()),
      readSnapshot: () => reached(() => store.readSnapshot()),
      readDeltas: (after) => reached(() => store.readDeltas(after)),
      readCredentials: () => reached(() => store.readCredentials()),
      subscribe: (onHint) => store.subscribe(() => this.reachesStore && onHint()),
    }
  }

  /** As the control plane answers a poll. */
  async #ask(question: Question, signal: AbortSignal): Promise<ConfigurationBundle> {
    this.questions.push(question)
    const { from, offered, needsCredentials } = question
    const { authority, sealedCredentials } = this.#world
    const ended = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason)),
    )
    ended.catch(() => undefined)
    const isNews = () => !offered || compareVersions(authority, offered) > 0
    this.#assertReached()
    // Held until something happens, which may be that the time is over.
    if (!isNews() && !needsCredentials) await Promise.race([this.#world.moved, ended])
    this.#assertReached()
    const chain = authority.deltas.filter(({ revision }) => from && revision > from.revision)
    const leadsOn = from?.epoch === authority.epoch && chain.length === authority.revision - from.revision
    const answer: ConfigurationBundle = {
      head: authority.head(),
      credentials: isNews() || needsCredentials ? sealedCredentials : null,
      snapshot: isNews() && !leadsOn ? textOf(authority.snapshot()) : null,
      deltas: isNews() && leadsOn ? chain.map(textOf) : [],
    }
    this.#answers.push(answer)
    if (this.losesDeltas) return { ...answer, deltas: answer.deltas.slice(1) }
    return this.hearsOldAnswers ? (this.#answers[0] ?? answer) : answer
  }

  #assertReached(): void {
    if (this.isRevoked) throw new Revoked('revoked')
    if (!this.reachesControlPlane) throw new Error('the control plane is out of reach')
  }
}
