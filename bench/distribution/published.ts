import { createClient } from '@redis/client'
import { channels } from '../../contract/channels.ts'
import { onStop } from '../processes.ts'
import { until } from './until.ts'

/** What the control plane has put into Redis for one organization. */
export class Published {
  readonly #redis: Awaited<ReturnType<typeof connect>>
  readonly #keys: Readonly<Record<'head' | 'deltas' | 'snapshot', string>>

  private constructor(redis: Awaited<ReturnType<typeof connect>>, organizationId: string) {
    this.#redis = redis
    this.#keys = {
      head: channels.configHead(organizationId),
      deltas: channels.configDeltas(organizationId),
      snapshot: channels.configSnapshot(organizationId),
    }
  }

  static async open(url: string, organizationId: string): Promise<Published> {
    return new Published(await connect(url), organizationId)
  }

  /** Takes the head and the deltas away: the next change comes with a snapshot, which is then the only way to it. */
  async drop(): Promise<void> {
    await this.#redis.del([this.#keys.head, this.#keys.deltas])
  }

  async untilThere(): Promise<void> {
    await until(async () => (await this.#redis.exists(this.#keys.head)) === 1)
  }

  async revision(): Promise<number> {
    const envelope = JSON.parse((await this.#redis.get(this.#keys.head)) ?? '') as { payload: string }
    const head = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as { revision: number }
    return head.revision
  }

  async snapshotBytes(): Promise<number> {
    return this.#redis.strLen(this.#keys.snapshot)
  }

  async newestDeltaBytes(): Promise<number> {
    const newest = (await this.#redis.xRevRange(this.#keys.deltas, '+', '-', { COUNT: 1 }))?.at(0)
    return Buffer.byteLength(newest?.message.document ?? '')
  }
}

async function connect(url: string) {
  const redis = createClient({ url })
  // Whatever is under way fails then, and says so.
  redis.on('error', () => undefined)
  await redis.connect()
  onStop(async () => redis.destroy())
  return redis
}
