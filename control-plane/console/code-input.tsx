import { TextInput } from '@mantine/core'

/** For the code that an authenticator shows. */
export function CodeInput() {
  return (
    <TextInput
      name="code"
      label="Code of the authenticator"
      description="Six digits."
      inputMode="numeric"
      autoComplete="one-time-code"
      required
      w="100%"
      maw={240}
    />
  )
}

/** Authenticators show it in two groups. */
export function codeOf(form: FormData): string {
  return String(form.get('code')).replaceAll(/\s/g, '')
}
