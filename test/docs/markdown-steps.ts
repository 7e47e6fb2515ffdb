/** One thing to do, as the page shows it, with what it says the answer is. */
export interface Step {
  /** The heading above it. */
  readonly task: string
  readonly line: number
  /** `graphql`: an operation with its variables; `sh`: a command. */
  readonly kind: 'graphql' | 'sh'
  readonly text: string
  readonly variables: unknown
  readonly answer: unknown
}

interface Block {
  readonly language: string
  readonly label: string
  readonly text: string
  readonly line: number
  readonly task: string
}

/**
 * Reads the steps of a page: a block of `graphql` or `sh`, then perhaps one of `json variables` and one of
 * `json answer`. Blocks of other kinds are for the reader alone.
 */
export function readSteps(page: string): Step[] {
  const blocks = readBlocks(page)
  return blocks.flatMap(({ language, label, text, line, task }, index) => {
    if ((language !== 'graphql' && language !== 'sh') || label === 'setup') return []
    const following = blocks.slice(index + 1, index + 3)
    const [next] = following
    const variables = next?.label === 'variables' ? next : undefined
    const answer =
      (variables ? following[1] : next)?.label === 'answer' ? following[variables ? 1 : 0] : undefined
    const parsed = (block: Block | undefined) => (block ? JSON.parse(block.text) : undefined)
    return [{ task, line, kind: language, text, variables: parsed(variables), answer: parsed(answer) }]
  })
}

function readBlocks(page: string): Block[] {
  const blocks: Block[] = []
  let task = ''
  const lines = page.split('\n')
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? ''
    if (line.startsWith('## ')) task = line.slice(3)
    const [, language, label = ''] = /^```(\w+)(?: (\w+))?$/.exec(line) ?? []
    if (language === undefined) continue
    const end = lines.indexOf('```', index)
    const text = lines.slice(index + 1, end).join('\n')
    blocks.push({ language, label, text, line: index + 1, task })
    index = end
  }
  return blocks
}
