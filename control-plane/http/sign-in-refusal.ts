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
}

/** In seconds. */
const retryAfter: Readonly<Record<string, number>> = { break_glass_busy: 5, break_glass_locked: 900 }

export function retryAfterOf({ code }: SignInRefused): number | undefined {
  return retryAfter[code]
}

export function statusOf({ code }: SignInRefused): number {
  return statuses[code] ?? 400
}

/** For a person whose browser shows it; the code is for whoever they ask. Nothing in it comes from the request. */
export function refusalPage({ code, message }: SignInRefused): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Not signed in - Gatehouse</title>
</head>
<body>
<main>
<h1>You are not signed in</h1>
<p>${htmlOf(message)}.</p>
<p>Reason: <code>${htmlOf(code)}</code></p>
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

function htmlOf(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
