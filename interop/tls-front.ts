import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onStop } from '../bench/processes.ts'
import { selfSigned } from '../test/plugins/provider/http1/certificate.ts'

export interface TlsFront {
  /** https://127.0.0.1:port */
  readonly origin: string
  /** The certificate to trust, for NODE_EXTRA_CA_CERTS. */
  readonly certificateFile: string
  readonly certificate: string
  /** Where requests go on to, once that is known. */
  forwardTo(port: number): void
}

/**
 * TLS in front of a server that speaks plain HTTP on loopback: Gatehouse asks providers over https, as it would in production.
 *
 * @param folder where the certificate is put
 */
export async function startTlsFront(folder: string): Promise<TlsFront> {
  const { key, cert } = selfSigned('localhost')
  const certificateFile = join(folder, 'provider.pem')
  writeFileSync(certificateFile, cert)
  let target = 0
  const server = createServer({ key, cert }, (incoming, response) => {
    const { method, url: path, headers } = incoming
    const forwarded = request({ host: '127.0.0.1', port: target, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    forwarded.on('error', () => response.destroy())
    incoming.pipe(forwarded)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onStop(async () => {
    server.closeAllConnections()
    server.close()
  })
  return {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificateFile,
    certificate: cert,
    forwardTo(port) {
      target = port
    },
  }
}
