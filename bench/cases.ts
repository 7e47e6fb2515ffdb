/** One shape of call that is measured. */
export interface Case {
  readonly name: string
  readonly stream: boolean
  /** Of the request's body and of the answer's, roughly. */
  readonly bytes: number
}

const kilobyte = 1_000

export const cases: readonly Case[] = [
  { name: 'whole-1kb', stream: false, bytes: kilobyte },
  { name: 'stream-1kb', stream: true, bytes: kilobyte },
  { name: 'whole-10kb', stream: false, bytes: 10 * kilobyte },
  { name: 'stream-10kb', stream: true, bytes: 10 * kilobyte },
]

/**
 * How the mock upstream answers is said by the model's name: `bench-1000` at once, `bench-1000-paced` as slowly as
 * a provider would.
 */
export function modelOf(bytes: number, pace: Pace): string {
  return pace === 'paced' ? `bench-${bytes}-paced` : `bench-${bytes}`
}

export type Pace = 'immediate' | 'paced'

export const models: readonly string[] = [kilobyte, 10 * kilobyte].flatMap((bytes) => [
  modelOf(bytes, 'immediate'),
  modelOf(bytes, 'paced'),
])

/** A chat call of about `bytes` bytes. */
export function requestBody({ stream, bytes }: Case, pace: Pace): string {
  const body = (content: string) =>
    JSON.stringify({
      model: modelOf(bytes, pace),
      stream,
      max_tokens: 256,
      messages: [
        { role: 'system', content: 'You are a terse assistant.' },
        { role: 'user', content },
      ],
    })
  return body(prose(bytes - body('').length))
}

/** Text of that many characters, with the quotes and line ends that real prompts have. */
export function prose(length: number): string {
  const sentence = 'The quick brown fox "jumps" over the lazy dog and asks what the weather is like.\n'
  let text = ''
  while (JSON.stringify(text + sentence).length - 2 <= length) text += sentence
  return text + '.'.repeat(Math.max(0, length - (JSON.stringify(text).length - 2)))
}
