import { credentialHeaders } from '../../contract/headers.ts'

const hidden: ReadonlySet<string> = new Set([
  ...credentialHeaders,
  'proxy-authorization',
  'cookie',
  'x-bf-api-key',
])

/** Whether a header may carry a credential, also one that a caller asks us to forward under a prefix. */
export function isHidden(name: string): boolean {
  return hidden.has(name) || hidden.has(name.replace('x-bf-eh-', ''))
}
