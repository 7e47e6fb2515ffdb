import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigurationFollower, type FollowerOptions } from '../../../data-plane/config/follow.ts'
import type { Identity } from '../../../data-plane/config/identity.ts'
import { Authority, enrolledIdentity } from './authority.ts'
import { TestChannel } from './channel.ts'
import { baseEntities } from './entities.ts'

const silent = { info() {}, warn() {}, error() {} }

/** A follower on a channel of its own, with an authority that has published the base entities. */
export class Scene {
  readonly authority: Authority
  readonly channel = new TestChannel()
  readonly identity: Identity
  readonly sealingJwk: Record<string, unknown>
  readonly stateDirectory = mkdtempSync(join(tmpdir(), 'gatehouse-follow-'))
  now = 1_000_000
  follower: ConfigurationFollower

  private constructor(authority: Authority) {
    this.authority = authority
    const { identity, sealingJwk } = enrolledIdentity(authority)
    this.identity = identity
    this.sealingJwk = sealingJwk
    this.follower = this.newFollower()
  }

  static async create(): Promise<Scene> {
    const scene = new Scene(await Authority.create())
    scene.authority.change(baseEntities)
    scene.channel.credentials = await scene.authority.credentials(scene.sealingJwk)
    scene.channel.publish(scene.authority)
    return scene
  }

  /** A scene whose follower has applied the base entities. */
  static async applied(): Promise<Scene> {
    const scene = await Scene.create()
    await scene.follower.restore()
    await scene.follower.refresh()
    return scene
  }

  newFollower(changes: Partial<FollowerOptions> = {}): ConfigurationFollower {
    return new ConfigurationFollower({
      channel: this.channel,
      identity: this.identity,
      stateDirectory: this.stateDirectory,
      accept: () => {},
      log: silent,
      now: () => this.now,
      ...changes,
    })
  }

  /** The process dies and another begins on the same disk. */
  async restart(): Promise<void> {
    await this.follower.close()
    this.follower = this.newFollower()
    await this.follower.restore()
  }

  get status() {
    return this.follower.state.current
  }

  /** Looks at the head, past any pause after a refusal. */
  async look(): Promise<void> {
    this.now += 60_000
    await this.follower.refresh()
  }
}
