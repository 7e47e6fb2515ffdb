import { expect, it } from 'vitest'
import { entraTenant } from '../../../control-plane/sign-in/entra-tenant.ts'

const tenant = '7d1e3bd2-2f5d-4bb4-9a0e-0f3c5c8f4c11'

it.each([
  `https://login.microsoftonline.com/${tenant}/v2.0`,
  `https://login.microsoftonline.us/${tenant}/v2.0`,
  `https://sts.windows.net/${tenant}/`,
  `https://login.microsoftonline.com/${tenant.toUpperCase()}/v2.0`,
])('%s is of one tenant', (issuer) => {
  expect(entraTenant(issuer)).toBe(tenant)
})

it.each([
  'https://login.microsoftonline.com/common/v2.0',
  'https://login.microsoftonline.com/organizations/v2.0',
  'https://login.microsoftonline.com/consumers/v2.0',
  'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0',
  'https://login.microsoftonline.com/9188040D-6C67-4C5B-B112-36A304B66DAD/v2.0',
  'https://login.microsoftonline.com/{tenantid}/v2.0',
  `https://login.microsoftonline.com/common/${tenant}`,
  `https://login.microsoftonline.com/${tenant}x/v2.0`,
  'https://login.microsoftonline.com/',
  tenant,
])('%s is of no one tenant', (issuer) => {
  expect(entraTenant(issuer)).toBeUndefined()
})
