import type { FastifyReply } from 'fastify'
import type { SignInRefusalCode, SignInRefused } from '../sign-in/refused.ts'
import { htmlOf, sendPlainPage } from './plain-page.ts'

const statuses: Readonly<Record<string, number>> = {
  break_glass_busy: 503,
  break_glass_locked: 429,
  break_glass_refused: 401,
  enrolment_refused: 401,
  provider_unknown: 404,
  organization_unknown: 404,
  user_not_authorized: 403,
  user_unknown: 403,
  user_inactive: 403,
  hosted_domain_mismatch: 403,
  too_many_sessions: 403,
  email_taken: 409,
  provider_unavailable: 502,
  session_needed: 401,
  sessions_not_accepted: 403,
  step_up_other_person: 403,
  step_up_unmet: 403,
  test_unknown: 404,
}

const beginAgain = 'Begin again. If it happens once more, show this page to whoever runs Gatehouse.'
const askForRole =
  'Ask an administrator of Gatehouse for a role: which groups or roles of your identity provider give one is theirs to decide. Then sign in again.'
const mendProvider =
  'Whoever runs Gatehouse has to mend the settings of this identity provider; verifyIdentityProvider says what is wrong with them.'

/** What a person does next. */
const advice: Readonly<Partial<Record<SignInRefusalCode, string>>> = {
  user_not_authorized: askForRole,
  user_unknown: askForRole,
  user_inactive: 'Your user is switched off in Gatehouse. Ask an administrator to switch it on.',
  hosted_domain_mismatch: 'Sign in with the account of your company and not with a private one.',
  email_taken:
    'Another user has this e-mail address. Ask an administrator of Gatehouse to change it there; addresses do not merge users.',
  too_many_sessions: 'Sign out in another browser, or ask an administrator to end your sessions.',
  provider_unavailable: 'Your identity provider does not answer. Try again in a minute.',
  provider_misconfigured: mendProvider,
  id_token_invalid: mendProvider,
  id_token_key_unknown: `Try again in a minute: your identity provider may have new keys. ${mendProvider}`,
  break_glass_busy: 'Wait a few seconds, then try again.',
  break_glass_locked: 'Wait a quarter of an hour, or sign in with your identity provider.',
  break_glass_refused:
    'Check the user, the password and the code of your authenticator. If nobody gets in, "gatehouse recover-admin" beside the database does.',
  enrolment_refused: 'Ask an administrator of Gatehouse to begin your enrolment again.',
  provider_unknown: 'Choose one of the identity providers that are there.',
  session_needed: 'Sign in, then try again what asked you for more.',
  sessions_not_accepted:
    'Use what your organization accepts, or ask an administrator of Gatehouse to accept sessions: acceptedCredentials of its client configuration.',
  step_up_other_person: 'Try again with the account that you are signed in with, or sign out first.',
  step_up_unmet:
    'Set up a second factor at your identity provider, then try again. An administrator knows which one is needed.',
  test_unknown: 'Start another test sign-in.',
  organization_unknown: 'Choose your organization, then the identity provider.',
}

/** In seconds. */
const retryAfter: Readonly<Partial<Record<SignInRefusalCode, number>>> = {
  break_glass_busy: 5,
  break_glass_locked: 900,
}

function statusOf(code: SignInRefusalCode): number {
  return statuses[code] ?? 400
}

/** What was refused was to prove more. */
const asBefore: ReadonlySet<SignInRefusalCode> = new Set([
  ...(['step_up_invalid', 'step_up_other_person', 'step_up_unmet'] as const),
])

/** For a person whose browser shows it; the code is for whoever they ask. Nothing in it comes from the request. */
export function sendRefusalPage(reply: FastifyReply, { code, message }: SignInRefused): FastifyReply {
  const isAsBefore = asBefore.has(code)
  const content = `<p>${htmlOf(message)}.</p>
<h2>What to do now</h2>
<p>${htmlOf(advice[code] ?? beginAgain)}</p>
<p><a class="action" href="${isAsBefore ? '/' : '/sign-in'}">Back to ${isAsBefore ? 'Gatehouse' : 'signing in'}</a></p>
<p>Reason: <code>${htmlOf(code)}</code></p>`
  const title = isAsBefore ? 'You are signed in as before' : 'You are not signed in'
  return sendPlainPage(answerAs(reply, code), { title, content })
}

/** For a program, the console among them. */
export function sendRefusal(reply: FastifyReply, { code, message }: SignInRefused): FastifyReply {
  return answerAs(reply, code).send({ error: { type: code, message } })
}

function answerAs(reply: FastifyReply, code: SignInRefusalCode): FastifyReply {
  const wait = retryAfter[code]
  if (wait !== undefined) reply.header('retry-after', wait)
  return reply.code(statusOf(code))
}
