import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'
import { counter } from '../../telemetry/prometheus.ts'
import { BadUserInput } from '../graphql/errors.ts'
import {
  beginEnrolment,
  confirmEnrolment,
  signInBreakGlass,
  TooManyAtOnce,
} from '../modules/break-glass/index.ts'
import { signInPath } from '../modules/identity-providers/index.ts'
import { endFormerSession, recordEvicted } from '../provisioning/own-session-ends.ts'
import type { ServiceContext } from '../service-context.ts'
import { breakGlassProviderId } from '../sessions/session.ts'
import { SignInRefused } from '../sign-in/refused.ts'
import { refuseForeignPage } from './cross-site.ts'
import { senderAddress } from './sender-address.ts'
import type { SignInProviders } from './sign-in-providers.ts'

/** However much it is used. */
const sessionMs = 60 * 60_000
const longestField = 512

/** Signing in by a local password and a code, for the day on which no identity provider answers. */
export function addBreakGlass(
  scope: FastifyInstance,
  services: ServiceContext,
  { providers, registry }: { readonly providers: SignInProviders; readonly registry: Registry },
): void {
  const counts = { succeeded: 0, refused: 0 }
  const help = 'Sign-ins with a break-glass password since the start, by what came of them.'
  counter(registry, 'gatehouse_break_glass_sign_ins_total', help, ['outcome'], () =>
    Object.entries(counts).map(([outcome, value]) => ({ labels: { outcome }, value })),
  )
  const path = `${signInPath}/break-glass`

  scope.post(path, async (request, reply) => {
    refuseForeignPage(request.headers, services.publicUrl)
    const fields = readFields(request.body, ['user', 'password', 'code'], ['organization'])
    const organizationId = await providers.organizationId(fields.organization)
    try {
      const attempt = { ...fields, organizationId, address: senderAddress(request.ip) }
      const userId = await withinCapacity(signInBreakGlass(services, attempt))
      const { cookie, expiresAt } = await beginSession(services, request, { organizationId, userId })
      counts.succeeded++
      reply.header('set-cookie', cookie)
      return isForm(request) ? reply.redirect('/', 303) : { expiresAt: new Date(expiresAt).toISOString() }
    } catch (error) {
      if (error instanceof SignInRefused) counts.refused++
      throw error
    }
  })

  scope.post(`${path}/enrolment`, async (request) => {
    refuseForeignPage(request.headers, services.publicUrl)
    const fields = readFields(request.body, ['enrolmentSecret', 'password'])
    return withinCapacity(beginEnrolment(services, fields))
  })

  scope.post(`${path}/enrolment/confirmation`, async (request, reply): Promise<FastifyReply> => {
    refuseForeignPage(request.headers, services.publicUrl)
    await confirmEnrolment(services, readFields(request.body, ['enrolmentSecret', 'code']))
    return reply.code(204).send()
  })
}

/** In place of what this browser was signed in as. @throws SignInRefused `too_many_sessions` */
async function beginSession(
  services: ServiceContext,
  { headers, ip }: FastifyRequest,
  { organizationId, userId }: { readonly organizationId: string; readonly userId: string },
): Promise<{ readonly cookie: string; readonly expiresAt: number }> {
  const { sessions, now } = services
  const former = await sessions.authenticate(headers.cookie ?? null)
  if (former) await endFormerSession(services, former, { organizationId, userId })
  const begun = await sessions.begin({
    ...{ organizationId, userId, providerId: breakGlassProviderId, subject: userId, providerSessionId: null },
    authenticatedAt: now(),
    userAgent: headers['user-agent'] ?? '',
    address: ip,
    ...{ authenticationMethods: ['pwd', 'otp'], authenticationClass: null, authenticationContexts: [] },
    secrets: { idToken: '', refreshToken: null },
    mostMs: sessionMs,
  })
  if (begun === 'too_many_sessions') {
    throw new SignInRefused(
      'too_many_sessions',
      'You are signed in as often as you may be: an administrator can end your sessions',
    )
  }
  await recordEvicted(services, begun)
  return { cookie: begun.cookie, expiresAt: begun.session.expiresAt }
}

async function withinCapacity<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof TooManyAtOnce)) throw error
    throw new SignInRefused(
      'break_glass_busy',
      'Too many people sign in so at once: try again in a few seconds',
    )
  }
}

/** Of a form or of JSON: each of these texts once, and nothing else. @throws BadUserInput */
function readFields<Name extends string, Optional extends string = never>(
  body: unknown,
  required: readonly Name[],
  optional: readonly Optional[] = [],
): Record<Name, string> & { readonly [Field in Optional]?: string } {
  const pairs = body instanceof URLSearchParams ? [...body] : Object.entries(isRecord(body) ? body : {})
  const known: readonly string[] = [...required, ...optional]
  const fields: Record<string, string> = {}
  for (const [name, value] of pairs) {
    if (!known.includes(name)) throw new BadUserInput('body', `takes ${known.join(', ')} and nothing else`)
    if (typeof value !== 'string' || value.length > longestField || Object.hasOwn(fields, name)) {
      throw new BadUserInput(name, `must be given once, as a text of at most ${longestField} characters`)
    }
    fields[name] = value
  }
  const missing = required.find((name) => !fields[name])
  if (missing !== undefined) throw new BadUserInput(missing, 'is needed')
  return fields as Record<Name, string> & { readonly [Field in Optional]?: string }
}

function isForm({ body }: FastifyRequest): boolean {
  return body instanceof URLSearchParams
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
