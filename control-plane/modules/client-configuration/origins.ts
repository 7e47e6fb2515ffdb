import { BadUserInput } from '../../graphql/errors.ts'

const mostOrigins = 100
const maximumLength = 300

/**
 * Web origins in the form in which browsers send them (RFC 6454): `scheme://host`, with a port when it is not the
 * scheme's own. `["*"]` alone admits every origin, without credentials, and is for development.
 *
 * @throws BadUserInput that names the entry and the way out.
 */
export function checkOrigins(field: string, origins: readonly string[]): string[] {
  if (origins.length > mostOrigins) {
    throw new BadUserInput(field, `must have at most ${mostOrigins} entries, not ${origins.length}`)
  }
  if (origins.includes('*')) {
    if (origins.length === 1) return ['*']
    throw new BadUserInput(field, '"*" admits every origin and cannot be mixed with origins')
  }
  const checked = origins.map((origin, index) => checkOrigin(`${field}[${index}]`, origin))
  return [...new Set(checked)]
}

function checkOrigin(field: string, origin: string): string {
  const hint = 'write scheme://host or scheme://host:port, such as "https://app.example.com"'
  if (origin.length > maximumLength) {
    throw new BadUserInput(field, `must have at most ${maximumLength} characters, not ${origin.length}`)
  }
  if (origin.includes('*')) {
    throw new BadUserInput(
      field,
      `"${origin}" has a wildcard, which no part of an origin may: name each origin`,
    )
  }
  const url = URL.parse(origin)
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new BadUserInput(field, `"${origin}" is not an http or https origin: ${hint}`)
  }
  const hasMore = url.username !== '' || url.password !== '' || url.pathname !== '/' || /[?#]/.test(origin)
  if (hasMore || origin.endsWith('/')) {
    throw new BadUserInput(field, `"${origin}" is more than an origin: ${hint}`)
  }
  return url.origin
}
