import { isPrivateHost } from '../../../contract/private-host.ts'
import { BadUserInput } from '../../graphql/errors.ts'

const maximumLength = 2_048

/**
 * The URL below which a provider's API is found, without a trailing slash. Credentials go there, so it is https
 * unless it stays in a private network, and a private network has to be allowed by name.
 *
 * @throws BadUserInput that names the field and the way out.
 */
export function checkBaseUrl(
  field: string,
  text: string,
  { allowPrivateNetwork }: { readonly allowPrivateNetwork: boolean },
): string {
  if (text.length > maximumLength) {
    throw new BadUserInput(field, `must have at most ${maximumLength} characters, not ${text.length}`)
  }
  const url = URL.parse(text)
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw new BadUserInput(field, 'must be an http or https URL such as "https://api.openai.com/v1"')
  }
  if (url.username !== '' || url.password !== '') {
    throw new BadUserInput(field, 'must not hold a user or password: add a provider key instead')
  }
  // An empty query or fragment leaves no trace in the parsed URL.
  if (text.includes('?') || text.includes('#')) {
    throw new BadUserInput(field, 'must not have a query or a fragment')
  }
  const isPrivate = isPrivateHost(url.hostname)
  if (isPrivate && !allowPrivateNetwork) {
    throw new BadUserInput(
      field,
      `"${url.hostname}" is in a private network: set allowPrivateNetwork to true if data planes shall reach it`,
    )
  }
  if (url.protocol === 'http:' && !isPrivate) {
    throw new BadUserInput(field, `"${url.hostname}" is not in a private network: use https`)
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}
