import { Alert, Text } from '@mantine/core'

/** Why what a form asked for was not done. Nothing while there is no reason; read out when it comes. */
export function Refusal({ title, message }: { title: string; message: string | undefined }) {
  if (message === undefined) return null
  return (
    <Alert color="red" variant="outline" title={title} role="alert" w="100%">
      <Text size="sm">{message}</Text>
    </Alert>
  )
}
