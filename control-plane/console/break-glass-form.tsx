import { Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { Link, useRouter } from '@tanstack/react-router'
import { useActionState } from 'react'
import { signInBreakGlass } from './auth-routes.ts'
import { CodeInput, codeOf } from './code-input.tsx'
import { forgetToken } from './credential.ts'
import type { Failure } from './failure.ts'
import { Refusal } from './refusal.tsx'

/** Signs in with a local password and a code: for the few to whom that was granted, on the day of need. */
export function BreakGlassForm({
  organization,
  returnTo,
}: {
  organization: string | undefined
  returnTo: string
}) {
  const router = useRouter()
  const [refused, submit, isAsking] = useActionState(
    async (_before: { user: string; message: string } | null, form: FormData) => {
      const user = String(form.get('user')).trim()
      try {
        await signInBreakGlass({
          user,
          password: String(form.get('password')),
          code: codeOf(form),
          organization,
        })
      } catch (failure) {
        return { user, message: (failure as Failure).message }
      }
      forgetToken()
      router.history.push(returnTo)
      return null
    },
    null,
  )
  return (
    <form action={submit}>
      <Stack gap="sm" mt="sm" align="flex-start">
        <Text size="sm">
          When no identity provider answers, the people to whom break-glass was granted sign in with a
          password and their authenticator, for an hour. Each use is an alert.{' '}
          <Link to="/break-glass/enrolment">Set up yours</Link> with the enrolment secret of an administrator.
        </Text>
        <Refusal title="Refused" message={refused?.message} />
        <TextInput
          name="user"
          label="E-mail address or user id"
          autoComplete="username"
          spellCheck={false}
          defaultValue={refused?.user}
          required
          w="100%"
          maw={480}
        />
        <PasswordInput
          name="password"
          label="Break-glass password"
          autoComplete="current-password"
          required
          w="100%"
          maw={480}
        />
        <CodeInput />
        <Button type="submit" variant="default" loading={isAsking}>
          Sign in with the password
        </Button>
      </Stack>
    </form>
  )
}
