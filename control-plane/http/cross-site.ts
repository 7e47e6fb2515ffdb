import { CrossSiteRequest, UnsupportedContentType } from './refusals.ts'

/** A browser asks first (CORS preflight) before it sends one of these to another origin, and is told no. */
const preflighted = ['apollo-require-preflight', 'x-api-key', 'x-gatehouse-organization', 'x-tenant-id']
/** Likewise the types of a body; a form has none of them. */
const jsonTypes: ReadonlySet<string> = new Set(['application/json', 'application/graphql+json'])

/**
 * Cross-site request forgery: what a browser sends at a foreign page's wish, without asking here first, is not
 * taken (Fetch standard, "CORS-safelisted request-header").
 *
 * @throws CrossSiteRequest, UnsupportedContentType
 */
export function refuseSimpleRequest({ method, headers }: Pick<Request, 'method' | 'headers'>): void {
  if (method === 'POST') {
    const [type = ''] = (headers.get('content-type') ?? '').split(';')
    if (!jsonTypes.has(type.trim().toLowerCase())) throw new UnsupportedContentType()
    return
  }
  // Its other schemes a browser may add by itself.
  const hasToken = /^Bearer +\S/i.test(headers.get('authorization') ?? '')
  if (!hasToken && !preflighted.some((name) => headers.has(name))) throw new CrossSiteRequest()
}

/**
 * For what a cookie alone entitles to: only a page of ours may ask. Every browser sends `Origin` with a POST.
 *
 * @throws CrossSiteRequest
 */
export function refuseForeignPage(
  { origin }: { readonly origin?: string | undefined },
  publicUrl: string,
): void {
  if (origin !== new URL(publicUrl).origin) throw new CrossSiteRequest()
}
