import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { enrolmentPath } from '../../contract/enrolment.ts'
import { type Authority, dataPlaneId, organizationId } from './config/authority.ts'

/** What the provider says, whatever it is asked. */
export const providerAnswer = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt-4o-mini',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
}

/** Enrols one data plane, and answers as an OpenAI-compatible provider that notes what it was asked. */
export class Neighbour {
  readonly asked: { authorization: string | undefined; headers: IncomingHttpHeaders; body: string }[] = []
  readonly #authority: Authority
  readonly #server: Server
  sealingJwk: Record<string, unknown> = {}

  constructor(authority: Authority) {
    this.#authority = authority
    this.#server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      response.setHeader('content-type', 'application/json')
      if (request.url === enrolmentPath) response.end(JSON.stringify(await this.#enrol(body)))
      else {
        const { headers } = request
        this.asked.push({ authorization: headers.authorization, headers, body })
        response.end(JSON.stringify(providerAnswer))
      }
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #enrol(body: string) {
    this.sealingJwk = JSON.parse(body).sealingKey
    return {
      dataPlaneId,
      organizationId,
      signingKeyId: this.#authority.signingKey.id,
      signingKey: this.#authority.publicJwk,
      credentials: await this.#authority.credentials(this.sealingJwk),
    }
  }
}
