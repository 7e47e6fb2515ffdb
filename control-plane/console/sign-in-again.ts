import { useNavigate, useRouter } from '@tanstack/react-router'
import { useCallback } from 'react'
import { forgetToken } from './credential.ts'

/** Leads to the sign-in page, from which one comes back to where one is now. */
export function useSignInAgain(): () => void {
  const navigate = useNavigate()
  const router = useRouter()
  return useCallback(() => {
    forgetToken()
    const { href, pathname } = router.state.location
    if (pathname === '/sign-in') return
    void navigate({ to: '/sign-in', search: { returnTo: href }, replace: true })
  }, [navigate, router])
}
