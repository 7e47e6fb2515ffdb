import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'

const style = `
:root { color-scheme: light dark; }
body {
  margin: 0; padding: 2rem 1rem; background: light-dark(#fff, #242424); color: light-dark(#1b1b1b, #e6e6e6);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: anywhere;
}
main { max-width: 40rem; margin: 0 auto; }
h1 { font-size: 1.6rem; line-height: 1.3; }
h2 { font-size: 1.15rem; margin-block-end: 0; }
h2 + p { margin-block-start: 0.4rem; }
a { color: light-dark(#1864ab, #74c0fc); }
a.action {
  display: inline-block; padding: 0.6rem 1.1rem; border-radius: 0.25rem;
  background: #1864ab; color: #fff; font-weight: 600; text-decoration: none;
}
:focus-visible { outline: 2px solid light-dark(#1864ab, #74c0fc); outline-offset: 2px; }
`

const styleHash = createHash('sha256').update(style).digest('base64')

/** Answers with a page that is complete in itself, for where the console cannot or should not speak. */
export function sendPlainPage(
  reply: FastifyReply,
  { title, content }: { readonly title: string; readonly content: string },
): FastifyReply {
  reply.headers({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; frame-ancestors 'none'; base-uri 'none'`,
    'x-content-type-options': 'nosniff',
  })
  return reply.send(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} - Gatehouse</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it stands in a page. */
export function htmlOf(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
