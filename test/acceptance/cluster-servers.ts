import { ConfiguredRedis, startLimitMs } from './configured-redis.ts'
import { eventually } from './gateway.ts'

const slots = 16_384

/** Three masters that share the slots of a cluster, each with a replica. */
export class ClusterServers {
  /** What `REDIS_URL` is. */
  readonly url: string
  readonly #nodes: readonly ConfiguredRedis[]

  private constructor(nodes: readonly ConfiguredRedis[]) {
    this.#nodes = nodes
    this.url = `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`
  }

  /** @param directory of its own; must exist. */
  static async start(directory: string): Promise<ClusterServers> {
    const lines = [
      ...['cluster-enabled yes', 'cluster-node-timeout 2000', 'cluster-replica-validity-factor 0'],
      // The other masters serve on while one is away.
      'cluster-require-full-coverage no',
    ]
    const nodes = await Promise.all(Array.from({ length: 6 }, () => ConfiguredRedis.start(directory, lines)))
    const [first, ...others] = nodes
    for (const { port } of others) await first?.ask('CLUSTER', 'MEET', '127.0.0.1', String(port))
    const masters = nodes.slice(0, 3)
    await Promise.all(
      masters.map((master, index) => {
        const from = Math.ceil((slots * index) / 3)
        const to = Math.ceil((slots * (index + 1)) / 3) - 1
        return master.ask('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to))
      }),
    )
    const areWhole = async () => {
      const facts = await Promise.all(nodes.map((node) => node.ask('CLUSTER', 'INFO')))
      return facts.every((text) => /cluster_state:ok[\s\S]*cluster_known_nodes:6/.test(String(text)))
    }
    await eventually(areWhole, startLimitMs, () => 'the cluster is whole')
    for (const [index, master] of masters.entries()) {
      await nodes[index + 3]?.ask('CLUSTER', 'REPLICATE', String(await master.ask('CLUSTER', 'MYID')))
    }
    const areFollowing = async () => {
      const facts = await Promise.all(nodes.slice(3).map((node) => node.info()))
      return facts.every((text) => /master_link_status:up/.test(text))
    }
    await eventually(areFollowing, startLimitMs, () => 'the replicas follow their masters')
    return new ClusterServers(nodes)
  }

  /** Kills the master that holds a key as a crash would. Resolves once its replica serves the key. */
  async failOver(key: string): Promise<void> {
    const master = await this.#holderOf(key)
    await master?.kill()
    await eventually(
      async () => (await this.#holderOf(key)) !== undefined,
      startLimitMs,
      () => 'another holds the key',
    )
  }

  /** How many of the servers hold any of these keys. */
  async holdersOf(keys: readonly string[]): Promise<number> {
    return new Set(await Promise.all(keys.map((key) => this.#holderOf(key)))).size
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.kill()))
  }

  /** The one that answers for a key, instead of naming another. */
  async #holderOf(key: string): Promise<ConfiguredRedis | undefined> {
    for (const node of this.#nodes) {
      // A replica, and a master of other slots, refuses.
      if ((await node.ask('EXISTS', key)) !== undefined) return node
    }
    return undefined
  }
}
