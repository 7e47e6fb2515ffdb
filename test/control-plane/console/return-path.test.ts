import { expect, it } from 'vitest'
import { returnPath } from '../../../control-plane/console/return-path.ts'

it.each(['/sessions', '/account?permission=virtual_keys%3Acreate', '/virtual-keys#content'])(
  '%s is where one comes back to',
  (path) => {
    expect(returnPath(path)).toBe(path)
  },
)

it.each([
  ...['https://evil.example/', '//evil.example/', '/\\evil.example', '/a\\b', 'javascript:alert(1)'],
  ...['/\t/evil.example', '', '/', '/sign-in', '/sign-in?returnTo=%2Fsign-in', undefined, 7, ['/sessions']],
])('%j leads to the account', (path) => {
  expect(returnPath(path)).toBe('/account')
})
