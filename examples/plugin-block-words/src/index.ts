import { Denied, definePlugin, Type } from 'gatehouse/plugin-sdk'

export default definePlugin({
  name: 'block-words',
  version: '1.0.0',

  config: Type.Object(
    {
      words: Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        description: 'Whole words or phrases, in any case',
      }),
      message: Type.String({ default: 'The request contains a blocked word' }),
    },
    { additionalProperties: false },
  ),

  setup({ words, message }, host) {
    const blocked = wordPattern(words)
    return {
      onCall(call) {
        if (!containsMatch(call.body, blocked)) return
        host.log.info({ callId: call.id, virtualKey: call.virtualKey?.id }, 'blocked a call')
        throw new Denied('compliance_violation', message)
      },
    }
  },
})

function wordPattern(words: readonly string[]): RegExp {
  const alternatives = words.map((word) => RegExp.escape(word)).join('|')
  return new RegExp(`(?<![\\p{L}\\p{N}_])(?:${alternatives})(?![\\p{L}\\p{N}_])`, 'iu')
}

/** Looks at the strings as the model will read them, so that a JSON escape hides nothing. */
function containsMatch(body: Buffer, pattern: RegExp): boolean {
  if (body.length === 0) return false
  let found = false
  JSON.parse(body.toString(), (_name, value: unknown) => {
    found ||= typeof value === 'string' && pattern.test(value)
    return value
  })
  return found
}
