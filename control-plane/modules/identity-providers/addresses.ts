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
