import type { FastifyInstance, FastifyReply } from 'fastify'
import { systemActor } from '../actor.ts'
import { recordAudit } from '../modules/audit/index.ts'
import {
  type Attempt,
  beginAttempt,
  type IdentityProvider,
  openTestSignIn,
  signInPath,
  storeTestResult,
  type TestSignInResult,
} from '../modules/identity-providers/index.ts'
import { trySignIn } from '../provisioning/tried-sign-in.ts'
import type { ServiceContext } from '../service-context.ts'
import { SignInRefused } from '../sign-in/refused.ts'
import type { SignedIn } from '../sign-in/relying-party.ts'
import { htmlOf, sendPlainPage } from './plain-page.ts'
import type { SignInProviders } from './sign-in-providers.ts'
import { ticketCookie } from './sign-in-ticket.ts'

interface ByTicket {
  readonly Querystring: { readonly ticket?: string | string[] }
}

/**
 * Sends a browser to an identity provider that is tried out, enabled or not. It asks the person themselves: a link that
 * somebody is made to follow tells nothing of them by itself.
 */
export function addTestSignIn(
  scope: FastifyInstance,
  services: ServiceContext,
  providers: SignInProviders,
): void {
  scope.get<ByTicket>(`${signInPath}/test-sign-in`, async ({ query: { ticket } }, reply) => {
    const opened = typeof ticket === 'string' ? await openTestSignIn(services, ticket) : null
    if (!opened) {
      throw new SignInRefused(
        'test_unknown',
        'This test is unknown, over, or was begun already: start another',
      )
    }
    const { id: testSignInId, organizationId, provider } = opened
    const { url, ...secrets } = await recorded(services, opened, () =>
      providers.relyingParty(provider).begin(providers.callbackUrl(provider), { isFresh: true }),
    )
    const attempt = { organizationId, providerId: provider.id, returnTo: '/', testSignInId, ...secrets }
    return reply.header('set-cookie', ticketCookie(await beginAttempt(services, attempt))).redirect(url, 302)
  })
}

/** Keeps what the provider said for who started the test. Nobody is signed in by it, and nobody made a user. */
export async function completeTestSignIn(
  services: ServiceContext,
  provider: IdentityProvider,
  { testSignInId: id = '', organizationId }: Pick<Attempt, 'testSignInId' | 'organizationId'>,
  finish: () => Promise<SignedIn>,
): Promise<TestSignInResult> {
  const test = { id, organizationId, provider }
  return recorded(services, test, async () => {
    const result = await trySignIn(services, provider, await finish())
    await record(services, test, result)
    return result
  })
}

/** For the person whose browser it is, which need not be the one who started the test: nothing of what was found. */
export function sendTestPage(reply: FastifyReply, { refusal }: TestSignInResult): FastifyReply {
  const content = `<p>You are not signed in by it. What was found is shown where the test was started.</p>
<p>Result: <code>${htmlOf(refusal?.code ?? 'ok')}</code></p>`
  return sendPlainPage(reply.code(200), { title: 'The test sign-in is done', content })
}

interface OpenTest {
  readonly id: string
  readonly organizationId: string
  readonly provider: IdentityProvider
}

/** A refusal is a result too. @throws whatever `work` throws */
async function recorded<T>(services: ServiceContext, test: OpenTest, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof SignInRefused) {
      const { code, message } = error
      await record(services, test, { person: null, refusal: { code, message } })
    }
    throw error
  }
}

/** The audit log has that it was tried, and nothing of what the provider said of a person. */
async function record(services: ServiceContext, test: OpenTest, result: TestSignInResult): Promise<void> {
  const { database, now } = services
  const { id: testSignInId, organizationId, provider } = test
  await storeTestResult(services, test, result)
  const entry = {
    type: 'identity_provider.tested',
    subject: { kind: 'identity_provider', id: provider.id },
    details: { testSignInId, name: provider.name, code: result.refusal?.code ?? null },
  }
  await database.transaction(organizationId, (em) =>
    recordAudit(em, systemActor(organizationId), entry, new Date(now())),
  )
}
