import { createServer } from 'node:net'
import { StartRefused } from '../start-refused.ts'

export interface WantedPort {
  readonly host: string
  readonly port: number
  /** The variable that sets it. */
  readonly name: string
}

/** @throws StartRefused naming the first port that somebody else listens on */
export async function requireFreePorts(wanted: readonly WantedPort[]): Promise<void> {
  for (const { host, port, name } of wanted) {
    const problem = port === 0 ? undefined : await tryListen(host, port)
    if (problem === 'EADDRINUSE') {
      throw new StartRefused(
        `Port ${port} is in use: stop what listens there, or set ${name} to another port`,
      )
    }
    if (problem !== undefined)
      throw new StartRefused(
        `${host}:${port} cannot be listened on (${problem}): set ${name} to another port`,
      )
  }
}

function tryListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}
