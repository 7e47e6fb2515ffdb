/** The tenant in which Microsoft keeps everybody's private accounts. */
const consumers = '9188040d-6c67-4c5b-b112-36a304b66dad'

/**
 * The tenant whose issuer this is, `https://login.microsoftonline.com/<tenant>/v2.0` or `https://sts.windows.net/<tenant>/`;
 * undefined for `common`, `organizations`, `consumers`: their tokens may come from any tenant at all.
 */
export function entraTenant(issuer: string): string | undefined {
  const path = URL.canParse(issuer) ? new URL(issuer).pathname : ''
  const tenant = /^\/([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})(?:\/|$)/i.exec(path)?.[1]?.toLowerCase()
  return tenant === consumers ? undefined : tenant
}
