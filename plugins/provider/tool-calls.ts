/** As each use of a tool that the provider runs itself stands in the output of a response. */
const toolCall = /"type"\s*:\s*"(?:web_search|file_search|code_interpreter|image_generation)_call"/g

/**
 * How often the provider ran a tool of its own. Inside a JSON string every quote is escaped, so that no text can look
 * like one.
 */
export function countToolCalls(answer: Buffer): number {
  if (!answer.includes('_call"')) return 0
  return answer.toString('latin1').match(toolCall)?.length ?? 0
}
