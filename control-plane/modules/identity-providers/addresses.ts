import type { Requirement } from '../../assurance.ts'

/** Below it everything about signing in is found. */
export const signInPath = '/auth'

interface Named {
  readonly name: string
}

/**
 * Where a provider sends people back to: each its own, so that none can answer for another, be it one of the same name in
 * another organization (RFC 9700, section 4.4.2).
 */
export function callbackUrl(
  publicUrl: string,
  { name, organizationId }: Named & { readonly organizationId: string },
): string {
  return `${publicUrl}${signInPath}/oidc/${name}/callback/${organizationId}`
}

/** Where people begin to sign in at a provider. */
export function loginUrl(publicUrl: string, { name }: Named): string {
  return `${publicUrl}${signInPath}/oidc/${name}/login`
}

/** Where a browser begins to try a provider out; whoever has the ticket may, once. */
export function testSignInUrl(publicUrl: string, ticket: string): string {
  return `${publicUrl}${signInPath}/test-sign-in?ticket=${ticket}`
}

/** Where somebody who is signed in proves more; `returnTo` may be added. */
export function stepUpUrl(publicUrl: string, { acrValues, amr, maxAgeSeconds }: Requirement): string {
  const query = new URLSearchParams({
    ...(acrValues.length > 0 && { acr_values: acrValues.join(' ') }),
    ...(amr.length > 0 && { amr: amr.join(' ') }),
    ...(maxAgeSeconds !== null && { max_age: String(maxAgeSeconds) }),
  })
  return `${publicUrl}${signInPath}/step-up${query.size === 0 ? '' : `?${query}`}`
}
