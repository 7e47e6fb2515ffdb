import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SignInRefused } from '../sign-in/refused.ts'

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
  step_up_other_person: 403,
  step_up_unmet: 403,
  test_unknown: 404,
}

/** In seconds. */
const retryAfter: Readonly<Record<string, number>> = { break_glass_busy: 5, break_glass_locked: 900 }

function retryAfterOf({ code }: SignInRefused): number | undefined {
  return retryAfter[code]
}

export function statusOf({ code }: SignInRefused): number {
  return statuses[code] ?? 400
}

const asBefore = ['step_up_invalid', 'step_up_other_person', 'step_up_unmet']

/** Programs are answered in JSON, people with a page. */
export function sendRefusal(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  error: SignInRefused,
): FastifyReply {
  const { code, message } = error
  const wait = retryAfterOf(error)
  if (wait !== undefined) reply.header('retry-after', wait)
  if (headers['content-type']?.startsWith('application/json')) {
    return reply.code(statusOf(error)).send({ error: { type: code, message } })
  }
  return send(reply.code(statusOf(error)), refusalPage(error))
}

/** For a person whose browser shows it; the code is for whoever they ask. Nothing in it comes from the request. */
export function refusalPage({ code, message }: SignInRefused): string {
  const heading = asBefore.includes(code) ? 'You are signed in as before' : 'You are not signed in'
  return htmlOf({ heading, message, code })
}

interface Page {
  readonly heading: string
  /** A sentence without its full stop. */
  readonly message: string
  readonly code: string
}

export function sendPage(reply: FastifyReply, page: Page): FastifyReply {
  return send(reply, htmlOf(page))
}

function send(reply: FastifyReply, html: string): FastifyReply {
  return reply
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
      'x-content-type-options': 'nosniff',
    })
    .send(html)
}

function htmlOf({ heading, message, code }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${heading} - Gatehouse</title>
</head>
<body>
<main>
<h1>${heading}</h1>
<p>${escaped(message)}.</p>
<p>Reason: <code>${escaped(code)}</code></p>
<p><a href="/">Back to Gatehouse</a></p>
</main>
</body>
</html>
`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
