import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router'
import { Frame } from './frame.tsx'
import { AccountPage } from './pages/account.tsx'
import { BreakGlassEnrolmentPage } from './pages/break-glass-enrolment.tsx'
import { BrokenPage, NotFoundPage } from './pages/dead-ends.tsx'
import { SessionsPage } from './pages/sessions.tsx'
import { SignInPage } from './pages/sign-in.tsx'
import { VirtualKeysPage } from './pages/virtual-keys.tsx'
import { SignedIn } from './signed-in.tsx'

interface SignInSearch {
  readonly returnTo?: string | undefined
  readonly organization?: string | undefined
  /** Opens what is shut there until somebody needs it. */
  readonly with?: 'break-glass' | undefined
}

interface AccountSearch {
  readonly permission?: string | undefined
}

const optionalText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

const rootRoute = createRootRoute({ component: Frame, notFoundComponent: NotFoundPage })

const indexRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/account', replace: true })
  },
})

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  component: SignInPage,
  validateSearch: ({ returnTo, organization, with: way }: Record<string, unknown>): SignInSearch => ({
    returnTo: optionalText(returnTo),
    organization: optionalText(organization),
    with: way === 'break-glass' ? way : undefined,
  }),
})

const breakGlassEnrolmentRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/break-glass/enrolment',
  component: BreakGlassEnrolmentPage,
})

const signedInRoute = createRoute({ getParentRoute: () => rootRoute, id: 'signed-in', component: SignedIn })

const accountRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/account',
  component: AccountPage,
  validateSearch: ({ permission }: Record<string, unknown>): AccountSearch => ({
    permission: optionalText(permission),
  }),
})

const sessionsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/sessions',
  component: SessionsPage,
})

const virtualKeysRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/virtual-keys',
  component: VirtualKeysPage,
})

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    indexRoute,
    signInRoute,
    breakGlassEnrolmentRoute,
    signedInRoute.addChildren([accountRoute, sessionsRoute, virtualKeysRoute]),
  ]),
  defaultErrorComponent: BrokenPage,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
