import { createPublicKey, type KeyObject } from 'node:crypto'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeBundle } from '../../../contract/configuration/bundle.ts'
import {
  openPoll,
  type RevocationNotice,
  sealRevocationNotice,
} from '../../../contract/configuration-poll.ts'
import {
  type AskControlPlane,
  askControlPlane,
  Revoked,
} from '../../../data-plane/config/ask-control-plane.ts'
import { Authority, dataPlaneId, enrolledIdentity, organizationId } from './authority.ts'

let server: Server
let authority: Authority
let ask: AskControlPlane
let answer: (response: ServerResponse) => void
let asked: { url: string | undefined; body: string } | undefined
let publicKey: KeyObject

const question = { from: null, offered: null, needsCredentials: false, standing: null }
const bundle = { head: '{"head":1}', credentials: 'jwe', snapshot: null, deltas: ['{"delta":1}'] }
const patient = new AbortController().signal

beforeEach(async () => {
  authority = await Authority.create()
  server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      asked = { url: request.url, body }
      answer(response)
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { identity } = enrolledIdentity(authority)
  publicKey = createPublicKey(identity.privateSigningKey.export({ format: 'pem', type: 'pkcs8' }))
  const controlPlaneUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  ask = askControlPlane({ controlPlaneUrl, identity, now: () => 1_000 })
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

function say(status: number, body: string): void {
  answer = (response) => response.writeHead(status).end(body)
}

const textOf = (parts: Iterable<string | Uint8Array>) => [...parts].map(String).join('')

describe('a poll', () => {
  it('is signed by the data plane and says when, and its answer is a bundle', async () => {
    say(200, textOf(writeBundle(bundle)))
    expect(await ask(question, patient)).toEqual(bundle)
    expect(asked?.url).toBe(`/data-planes/${organizationId}/${dataPlaneId}/configuration`)
    const poll = openPoll(asked?.body ?? '', (id) => (id === dataPlaneId ? publicKey : undefined))
    expect(poll).toEqual({ format: 1, organizationId, dataPlaneId, issuedAt: 1_000, ...question })
  })

  it('that is answered in part only has failed', async () => {
    say(200, textOf(writeBundle(bundle)).slice(0, -3))
    await expect(ask(question, patient)).rejects.toThrow(/torn/)
  })

  it('that is refused, or too many, is not repeated at once', async () => {
    for (const status of [401, 404, 503]) {
      say(status, '{"error":{"message":"no"}}')
      const failure: unknown = await ask(question, patient).catch((error: unknown) => error)
      expect(failure).toMatchObject({ name: 'PollFailed', message: /HTTP \d+ .*no/, retryAfterMs: 5_000 })
    }
  })

  it('follows nobody elsewhere', async () => {
    answer = (response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()
    await expect(ask(question, patient)).rejects.toThrow()
  })

  it('ends when nobody wants it any more', async () => {
    const impatient = new AbortController()
    answer = () => impatient.abort()
    await expect(ask(question, impatient.signal)).rejects.toThrow(/abort/)
  })
})

describe('the word that this data plane is revoked', () => {
  const notice = { format: 1 as const, organizationId, dataPlaneId }
  const answered = (sealed: string) => {
    say(403, JSON.stringify({ error: {}, notice: sealed }))
    return ask(question, patient).catch((error: unknown) => error)
  }

  it('is believed when its control plane has signed it', async () => {
    expect(await answered(seal({}))).toBeInstanceOf(Revoked)
  })

  it.each<[string, () => Promise<string> | string]>([
    ['of a stranger', async () => seal({}, await Authority.create())],
    ['about another data plane', () => seal({ dataPlaneId: 'dp_2' })],
    ['of another organization', () => seal({ organizationId: 'org_2' })],
    ['that is a head', () => authority.head()],
    ['that is nothing', () => 'hello'],
  ])('is not, %s', async (_, make) => {
    const failure = await answered(await make())
    expect(failure).toMatchObject({ message: /HTTP 403/ })
    expect(failure).not.toBeInstanceOf(Revoked)
  })

  function seal(changes: Partial<RevocationNotice>, { signingKey } = authority): string {
    return sealRevocationNotice({ ...notice, ...changes }, { keys: [signingKey], succession: [] })
  }
})
