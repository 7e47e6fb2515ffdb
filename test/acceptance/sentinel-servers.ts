import { ConfiguredRedis, startLimitMs } from './configured-redis.ts'
import { eventually } from './gateway.ts'

const masterName = 'gatehouse'

/** A master, a replica that follows it and three sentinels, as operations.md sets them up, with a quick failover. */
export class SentinelServers {
  /** What `REDIS_URL` is. */
  readonly url: string
  readonly #master: ConfiguredRedis
  readonly #replica: ConfiguredRedis
  readonly #sentinels: readonly ConfiguredRedis[]

  private constructor(
    master: ConfiguredRedis,
    replica: ConfiguredRedis,
    sentinels: readonly ConfiguredRedis[],
  ) {
    this.#master = master
    this.#replica = replica
    this.#sentinels = sentinels
    const addresses = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')
    this.url = `redis+sentinel://${addresses}/?name=${masterName}`
  }

  /** @param directory of its own; must exist. */
  static async start(directory: string): Promise<SentinelServers> {
    const master = await ConfiguredRedis.start(directory, [])
    const replica = await ConfiguredRedis.start(directory, [`replicaof 127.0.0.1 ${master.port}`])
    await eventually(
      async () => /master_link_status:up/.test(await replica.info()),
      startLimitMs,
      () => 'the replica follows the master',
    )
    const watched = [
      `sentinel monitor ${masterName} 127.0.0.1 ${master.port} 2`,
      `sentinel down-after-milliseconds ${masterName} 2000`,
      `sentinel failover-timeout ${masterName} 3000`,
    ]
    const sentinels = await Promise.all(
      [1, 2, 3].map(() => ConfiguredRedis.start(directory, watched, ['--sentinel'])),
    )
    await eventually(
      async () => {
        const facts = await Promise.all(sentinels.map((sentinel) => sentinel.info()))
        return facts.every((text) => /slaves=1,sentinels=3/.test(text))
      },
      startLimitMs,
      () => 'the sentinels know of each other and of the replica',
    )
    return new SentinelServers(master, replica, sentinels)
  }

  /** Kills the master as a crash would. Resolves once the sentinels have made the replica the master. */
  async failOver(): Promise<void> {
    await this.#master.kill()
    await eventually(
      async () => {
        const answer = await this.#sentinels[0]?.ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName)
        const isNamed = Array.isArray(answer) && Number(answer[1]) === this.#replica.port
        return isNamed && /role:master/.test(await this.#replica.info())
      },
      startLimitMs,
      () => 'the replica is the master',
    )
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#sentinels, this.#master, this.#replica].map((server) => server.kill()))
  }
}
