import { Button, Code, PasswordInput, Stack, Text, Title } from '@mantine/core'
import { useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { useClient } from 'urql'
import { credentialOf, keepToken } from './credential.ts'
import { failureOf } from './failure.ts'
import { tokenQuery } from './operations.ts'

/** Signs in with an API token: where no identity provider is connected, or when it is down. */
export function TokenForm({ returnTo }: { returnTo: string }) {
  const client = useClient()
  const router = useRouter()
  const [problem, setProblem] = useState<string>()
  const [isAsking, setAsking] = useState(false)
  const submit = async (form: FormData) => {
    const token = String(form.get('token')).trim()
    setAsking(true)
    const problem = await problemOf(token)
    setAsking(false)
    setProblem(problem)
    if (problem !== undefined) return
    keepToken(token)
    router.history.push(returnTo)
  }
  const problemOf = async (token: string): Promise<string | undefined> => {
    if (!/^[!-~]+$/.test(token)) return 'A token has no spaces in it and no letters beyond ASCII.'
    const fetchOptions = credentialOf(token)
    const { error } = await client.query(tokenQuery, {}, { fetchOptions }).toPromise()
    if (!error) return undefined
    const { kind, message } = failureOf(error)
    return kind === 'signed_out' ? 'This token does not work: it is misspelt, expired or revoked.' : message
  }
  return (
    <form action={submit}>
      <Stack gap="sm" align="flex-start">
        <Title order={2} size="h4">
          Use an API token
        </Title>
        <Text size="sm">
          <Code>npm start</Code> prints one when it starts; <Code>gatehouse create-admin-token</Code> makes
          another. It is kept in this page alone, and forgotten when the page is loaded again.
        </Text>
        <PasswordInput
          name="token"
          label="API token"
          placeholder="ghat.…"
          autoComplete="off"
          spellCheck={false}
          error={problem}
          required
          w="100%"
          maw={480}
        />
        <Button type="submit" variant="default" loading={isAsking}>
          Sign in with the token
        </Button>
      </Stack>
    </form>
  )
}
