/** Where to go after signing in: a page of ours. The API judges what it is given anew. */
export function returnPath(wanted: unknown): string {
  if (typeof wanted !== 'string' || !/^\/(?![/\\])[!-~]*$/.test(wanted) || wanted.includes('\\'))
    return '/account'
  const { pathname } = new URL(wanted, 'https://console.invalid')
  return pathname === '/' || pathname === '/sign-in' ? '/account' : wanted
}
