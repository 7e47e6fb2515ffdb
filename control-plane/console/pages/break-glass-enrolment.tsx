import { Button, Code, Paper, PasswordInput, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { QRCodeSVG } from 'qrcode.react'
import { useActionState, useState } from 'react'
import { beginEnrolment, confirmEnrolment } from '../auth-routes.ts'
import { CodeInput, codeOf } from '../code-input.tsx'
import type { Failure } from '../failure.ts'
import { PageHeader } from '../frame.tsx'
import { Page } from '../page.tsx'
import { Refusal } from '../refusal.tsx'

interface Begun {
  readonly enrolmentSecret: string
  readonly totpUri: string
}

/** Where somebody to whom break-glass was granted chooses a password and sets up their authenticator. */
export function BreakGlassEnrolmentPage() {
  const [begun, setBegun] = useState<Begun>()
  const [isDone, setDone] = useState(false)
  return (
    <>
      <PageHeader />
      {!begun && (
        <Page title="Set up break-glass">
          <PasswordForm onBegun={setBegun} />
        </Page>
      )}
      {begun && !isDone && (
        <Page title="Set up your authenticator">
          <AuthenticatorForm begun={begun} onDone={() => setDone(true)} />
        </Page>
      )}
      {begun && isDone && (
        <Page title="Break-glass is set up">
          <Done organization={begun.enrolmentSecret.split('.')[0]} />
        </Page>
      )}
    </>
  )
}

function PasswordForm({ onBegun }: { onBegun: (begun: Begun) => void }) {
  const [refused, submit, isAsking] = useActionState(
    async (_before: { enrolmentSecret: string; message: string } | null, form: FormData) => {
      const enrolmentSecret = String(form.get('enrolmentSecret')).trim()
      const password = String(form.get('password'))
      if (password !== form.get('repeated')) return { enrolmentSecret, message: 'The two passwords differ.' }
      try {
        onBegun({ enrolmentSecret, totpUri: await beginEnrolment({ enrolmentSecret, password }) })
        return null
      } catch (failure) {
        return { enrolmentSecret, message: (failure as Failure).message }
      }
    },
    null,
  )
  return (
    <form action={submit}>
      <Stack gap="sm" align="flex-start">
        <Text>
          For the day on which your identity provider does not answer. You need the enrolment secret that an
          administrator gave you, which works for a day, and an authenticator on your phone.
        </Text>
        <Refusal title="The password is not set" message={refused?.message} />
        <PasswordInput
          name="enrolmentSecret"
          label="Enrolment secret"
          placeholder="org_….…"
          autoComplete="off"
          spellCheck={false}
          defaultValue={refused?.enrolmentSecret}
          required
          w="100%"
          maw={480}
        />
        <PasswordInput
          name="password"
          label="New password"
          description="12 to 256 characters. Not one that is well known, nor your name or address."
          autoComplete="new-password"
          required
          w="100%"
          maw={480}
        />
        <PasswordInput
          name="repeated"
          label="New password, again"
          autoComplete="new-password"
          required
          w="100%"
          maw={480}
        />
        <Button type="submit" loading={isAsking}>
          Set the password
        </Button>
      </Stack>
    </form>
  )
}

function AuthenticatorForm({
  begun: { enrolmentSecret, totpUri },
  onDone,
}: {
  begun: Begun
  onDone: () => void
}) {
  const [message, submit, isAsking] = useActionState(async (_before: string | undefined, form: FormData) => {
    try {
      await confirmEnrolment({ enrolmentSecret, code: codeOf(form) })
      onDone()
      return undefined
    } catch (failure) {
      return (failure as Failure).message
    }
  }, undefined)
  return (
    <form action={submit}>
      <Stack gap="sm" align="flex-start">
        <Text>Read this with an authenticator on your phone. It is shown this once.</Text>
        <Paper withBorder p="md" radius="md" bg="white">
          <QRCodeSVG value={totpUri} size={208} title="QR code for your authenticator" role="img" />
        </Paper>
        <Text size="sm">
          Where nothing reads it, type this secret: <Code>{new URL(totpUri).searchParams.get('secret')}</Code>
        </Text>
        <Refusal title="Not confirmed" message={message} />
        <CodeInput />
        <Button type="submit" loading={isAsking}>
          Confirm
        </Button>
      </Stack>
    </form>
  )
}

function Done({ organization }: { organization: string | undefined }) {
  return (
    <Stack gap="sm" align="flex-start">
      <Text>
        On the day of need, sign in with your password and your authenticator. Try it once now: administrators
        see that you did.
      </Text>
      <Link to="/sign-in" search={{ with: 'break-glass', organization }}>
        Go to signing in
      </Link>
    </Stack>
  )
}
