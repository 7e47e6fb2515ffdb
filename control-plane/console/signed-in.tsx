import { Button } from '@mantine/core'
import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { createContext, useContext, useState } from 'react'
import { useAnswer } from './answer.ts'
import { Answered } from './answered.tsx'
import { signOut } from './auth-routes.ts'
import { forgetToken, hasToken } from './credential.ts'
import { PageHeader } from './frame.tsx'
import type { ViewerQuery } from './generated/graphql.ts'
import { viewerQuery } from './operations.ts'

export type Viewer = ViewerQuery['viewer']

const ViewerContext = createContext<Viewer | null>(null)

/** Whoever is signed in. */
export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext)
  if (!viewer) throw new Error('nobody is signed in on this page')
  return viewer
}

/** The user whose things are one's own; null for an API token that stands for nobody. */
export function ownUserId({ id, user }: Viewer): string | null {
  return user?.id ?? (id.startsWith('usr_') ? id : null)
}

/** The pages of whoever is signed in. */
export function SignedIn() {
  const answer = useAnswer(viewerQuery, {})
  return (
    <>
      <PageHeader actions={<SignOut />}>
        <nav aria-label="Pages" className="page-nav">
          <Link to="/account">Account</Link>
          <Link to="/sessions">Sessions</Link>
          <Link to="/virtual-keys">Virtual keys</Link>
        </nav>
      </PageHeader>
      <Answered answer={answer} title="Gatehouse">
        {({ viewer }) => (
          <ViewerContext value={viewer}>
            <Outlet />
          </ViewerContext>
        )}
      </Answered>
    </>
  )
}

function SignOut() {
  const navigate = useNavigate()
  const [problem, setProblem] = useState(false)
  const leave = async () => {
    try {
      const elsewhere = hasToken() ? null : await signOut()
      forgetToken()
      if (elsewhere === null) await navigate({ to: '/sign-in' })
      else window.location.assign(elsewhere)
    } catch {
      setProblem(true)
    }
  }
  return (
    <Button variant="default" onClick={leave} aria-live="polite">
      {problem ? 'Not signed out: try again' : 'Sign out'}
    </Button>
  )
}
