import { createServer } from 'node:net'

/** A loopback port that nobody listens on right now. Somebody may take it before its user does: be ready to retry. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port)
        else reject(new Error('The loopback listener has no port'))
      })
    })
  })
}
