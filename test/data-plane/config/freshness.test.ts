import { beforeEach, describe, expect, it } from 'vitest'
import type { ClientConfiguration } from '../../../contract/configuration/entities.ts'
import type { FollowerOptions } from '../../../data-plane/config/follow.ts'
import { digestOf, virtualKey } from './entities.ts'
import { Scene } from './scene.ts'

const limitMs = 60_000

const client: ClientConfiguration = {
  kind: 'client_configuration',
  id: 'ccf_1',
  allowedOrigins: [],
  allowedHeaders: [],
  headerFilter: { allowlist: [], denylist: [], forwardDirect: false },
  maxStalenessSeconds: limitMs / 1000,
}

/** A data plane with `maxStalenessSeconds: 60`, whose both clocks a test moves. */
class TimedScene {
  readonly scene: Scene
  elapsed = 5_000_000
  readonly logged: string[] = []

  private constructor(scene: Scene) {
    this.scene = scene
  }

  static async applied(): Promise<TimedScene> {
    const timed = new TimedScene(await Scene.create())
    timed.scene.authority.change([client])
    timed.sign()
    timed.scene.follower = timed.scene.newFollower(timed.clocks)
    await timed.scene.follower.restore()
    await timed.scene.follower.refresh()
    return timed
  }

  get clocks(): Partial<FollowerOptions> {
    const note = (_fields: object, message: string) => void this.logged.push(message)
    return { elapsed: () => this.elapsed, log: { info: note, warn: note, error: note } }
  }

  get follower() {
    return this.scene.follower
  }

  get channel() {
    return this.scene.channel
  }

  /** The control plane signs what it has, now. */
  sign(): void {
    this.scene.authority.issuedAt = this.scene.now - 1
    this.channel.publish(this.scene.authority)
  }

  pass(ms: number): void {
    this.scene.now += ms
    this.elapsed += ms
  }

  get isServing(): boolean {
    return this.follower.configuration !== undefined && !this.follower.freshness.objection(limitMs)
  }

  get message(): string {
    return this.follower.freshness.objection(limitMs)?.message ?? ''
  }

  /** The process dies, `ms` pass on the clock of the machine, and another one begins. */
  async restart(ms: number): Promise<void> {
    await this.follower.close()
    this.scene.now += ms
    this.elapsed = 1_000
    this.scene.follower = this.scene.newFollower(this.clocks)
    await this.follower.restore()
  }
}

let timed: TimedScene
beforeEach(async () => {
  timed = await TimedScene.applied()
})

describe('a configuration that nobody confirms', () => {
  it('is served up to its limit, to the millisecond, and not beyond', () => {
    timed.pass(limitMs)
    expect(timed.isServing).toBe(true)
    timed.pass(1)
    expect(timed.follower.freshness.objection(limitMs)).toMatchObject({
      code: 'config_unavailable',
      status: 503,
      details: { retryAfterSeconds: 5 },
    })
    expect(timed.message).toMatch(/last confirmed 61 seconds ago, at most 60 seconds are allowed.*see that/)
  })

  it('is served at any age where no limit is set', () => {
    timed.pass(365 * 24 * 3_600_000)
    expect(timed.follower.freshness.objection(Number.POSITIVE_INFINITY)).toBeUndefined()
  })

  it('is told by the status and the log once, whatever else happens, and so is its end', async () => {
    timed.channel.down = true
    timed.pass(limitMs + 1)
    for (let look = 0; look < 3; look += 1) await timed.follower.refresh()
    const told = /older than "maxStalenessSeconds" allows, so that calls are refused/
    expect(timed.scene.status).toMatchObject({ status: 'applied', lastError: expect.stringMatching(told) })
    expect(timed.logged.filter((message) => told.test(message))).toHaveLength(1)
    timed.channel.down = false
    timed.sign()
    await timed.follower.refresh()
    expect(timed.scene.status).toMatchObject({ status: 'applied', lastError: null })
    expect(timed.isServing).toBe(true)
  })

  it('is fresh again with the next head', async () => {
    timed.pass(limitMs + 1)
    timed.sign()
    await timed.follower.refresh()
    expect(timed.follower.freshness.ageMs).toBe(0)
  })
})

describe('a head that says nothing new makes nothing fresher', () => {
  it('the same one, read again', async () => {
    timed.pass(limitMs)
    await timed.follower.refresh()
    timed.pass(1)
    expect(timed.isServing).toBe(false)
  })

  it('an older one of the same version', async () => {
    const yesterday = timed.channel.head
    timed.pass(30_000)
    timed.sign()
    await timed.follower.refresh()
    timed.channel.head = yesterday
    await timed.follower.refresh()
    expect(timed.follower.freshness.ageMs).toBe(0)
    timed.pass(limitMs + 1)
    await timed.follower.refresh()
    expect(timed.isServing).toBe(false)
  })

  it('a later one whose documents are withheld, though the head itself be of this second', async () => {
    timed.scene.authority.change([virtualKey('vk_2')])
    for (let second = 0; second <= limitMs; second += 10_000) {
      timed.pass(10_000)
      timed.sign()
      timed.channel.deltas = []
      timed.channel.snapshot = null
      await timed.follower.refresh()
    }
    expect(timed.follower.newestHead?.issuedAt).toBe(timed.scene.now)
    expect(timed.isServing).toBe(false)
  })
})

describe('a restart', () => {
  it('knows from disk how old the configuration is', async () => {
    timed.channel.down = true
    await timed.restart(limitMs)
    expect(timed.isServing).toBe(true)
    timed.pass(1)
    expect(timed.isServing).toBe(false)
  })

  it('knows of the heads that only confirmed it, but for the last ten seconds', async () => {
    for (let seconds = 0; seconds < 100; seconds += 1) {
      timed.pass(1_000)
      timed.sign()
      await timed.follower.refresh()
    }
    await timed.restart(0)
    expect(timed.follower.freshness.ageMs).toBeLessThanOrEqual(10_000)
  })

  it('with a clock that was set back by more than the limit serves nothing, and says why', async () => {
    timed.channel.down = true
    await timed.restart(-limitMs - 1)
    expect(timed.isServing).toBe(false)
    expect(timed.message).toMatch(/signed 61 seconds in the future, so its age is not known.*clock/)
  })
})

describe('a data plane that has nothing yet', () => {
  it('does not take up yesterday’s configuration, and takes it once it is confirmed', async () => {
    const fresh = await TimedScene.applied()
    const { authority } = fresh.scene
    const newcomer = await Scene.create()
    newcomer.follower = fresh.scene.newFollower({ ...fresh.clocks, stateDirectory: newcomer.stateDirectory })
    fresh.pass(limitMs + 1)
    await newcomer.follower.restore()
    await newcomer.follower.refresh()
    expect(newcomer.status).toMatchObject({
      status: 'refused',
      applied: null,
      lastError: expect.stringMatching(/epoch 1, revision 2 was refused: .* is stale: .* 61 seconds ago/),
    })
    expect(newcomer.follower.configuration).toBeUndefined()
    const reads = fresh.channel.snapshotReads
    await newcomer.follower.refresh()
    expect(fresh.channel.snapshotReads).toBe(reads)
    authority.issuedAt = fresh.scene.now
    fresh.channel.publish(authority)
    await newcomer.follower.refresh()
    expect(newcomer.status).toMatchObject({ status: 'applied', applied: { revision: 2 } })
    await newcomer.follower.close()
  })
})

describe('clocks', () => {
  it('set back while it runs do not prolong anything', () => {
    timed.scene.now -= 10 * limitMs
    expect(timed.isServing).toBe(false)
    timed.scene.now += 10 * limitMs - 1_000
    expect(timed.isServing).toBe(true)
    timed.elapsed += limitMs + 1
    expect(timed.isServing).toBe(false)
  })

  it('that disagree count against the age, in whichever direction', () => {
    timed.scene.now -= limitMs
    expect(timed.isServing).toBe(true)
    timed.scene.now -= 1
    expect(timed.isServing).toBe(false)
  })

  const told = (message: string) => /this clock is (ahead of|behind)/.test(message)

  async function renew(skewMs: number): Promise<void> {
    for (let head = 0; head < 6; head += 1) {
      timed.pass(3_000)
      timed.scene.authority.issuedAt = timed.scene.now - skewMs - 1
      timed.channel.publish(timed.scene.authority)
      await timed.follower.refresh()
    }
  }

  it.each([
    ['ahead', 2_001, /ahead of the control plane's/],
    ['behind', -2_001, /behind the control plane's/],
  ])('that are %s by more than two seconds are told once', async (_, skewMs, message) => {
    await renew(skewMs)
    await renew(skewMs)
    expect(timed.follower.freshness.clockSkewMs).toBe(skewMs)
    expect(timed.logged.filter(told)).toEqual([expect.stringMatching(message)])
  })

  it('that are off by two seconds are not told, and a head that is late once does not change that', async () => {
    await renew(2_000)
    timed.pass(30_000)
    timed.scene.authority.issuedAt = timed.scene.now - 20_000
    timed.channel.publish(timed.scene.authority)
    await timed.follower.refresh()
    expect(timed.logged.filter(told)).toEqual([])
  })
})

it('keys say for themselves how fresh the configuration must be', async () => {
  timed.scene.authority.change([virtualKey('vk_strict', { requireFreshSeconds: 10 })])
  timed.sign()
  await timed.follower.refresh()
  const key = (id: string) => timed.follower.configuration?.keyByDigest(digestOf(id))
  expect(key('vk_strict')?.requireFreshMs).toBe(10_000)
  expect(key('vk_1')?.requireFreshMs).toBeNull()
})
