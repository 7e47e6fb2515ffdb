import { newClient } from './client.ts'
import { type ClientSettings, locatedAt, type ServerAddress } from './route.ts'

const askLimitMs = 1_000

export type Question = (
  ask: (...command: string[]) => Promise<unknown>,
  asked: ServerAddress,
) => Promise<ServerAddress>

/**
 * Asks one server after the other, in any order, until one says where to connect.
 *
 * @throws Error when none does.
 */
export async function askAny(
  servers: readonly ServerAddress[],
  settings: ClientSettings,
  question: Question,
): Promise<ServerAddress> {
  let reason: unknown
  const first = Math.floor(Math.random() * servers.length)
  for (const server of [...servers.slice(first), ...servers.slice(0, first)]) {
    try {
      return await askServer(server, settings, question)
    } catch (error) {
      reason = error
    }
  }
  throw new Error(`none of ${servers.length} servers says where to connect: ${reason}`)
}

/**
 * Asks all servers at once where to connect, and takes what most of those that answer say: one that is cut off from the
 * others may still say what was so before.
 *
 * @throws Error when none answers.
 */
export async function askMost(
  servers: readonly ServerAddress[],
  settings: ClientSettings,
  question: Question,
): Promise<ServerAddress> {
  const answers = await Promise.allSettled(servers.map((server) => askServer(server, settings, question)))
  const named = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  const groups = Map.groupBy(named, ({ host, port }) => `${host} ${port}`)
  const [most] = [...groups.values()].toSorted((a, b) => b.length - a.length)
  if (most?.[0]) return most[0]
  const reasons = answers.flatMap((answer) => (answer.status === 'rejected' ? [String(answer.reason)] : []))
  throw new Error(`none of ${servers.length} servers says where to connect: ${reasons[0]}`)
}

async function askServer(
  server: ServerAddress,
  settings: ClientSettings,
  question: Question,
): Promise<ServerAddress> {
  const { socket, ...rest } = locatedAt({ settings }, server)
  const client = newClient({
    ...rest,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandOptions: { timeout: askLimitMs },
    socket: { ...socket, connectTimeout: askLimitMs, socketTimeout: askLimitMs, reconnectStrategy: false },
  })
  // A failure rejects what waits for it.
  client.on('error', () => undefined)
  const overdue = setTimeout(() => client.isOpen && client.destroy(), 2 * askLimitMs)
  try {
    await client.connect()
    return await question((...command) => client.sendCommand(command), server)
  } finally {
    clearTimeout(overdue)
    if (client.isOpen) client.destroy()
  }
}
