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

/** A search in chat is not told in the answer: there is one for each call that asks for it. */
export function countChatSearches(body: Buffer): number {
  if (!body.includes('"web_search_options"') && !body.includes('\\u00')) return 0
  return asksForSearch(body) ? 1 : 0
}

function asksForSearch(body: Buffer): boolean {
  try {
    const { web_search_options: options } = JSON.parse(body.toString()) as { web_search_options?: unknown }
    return options !== undefined && options !== null && options !== false
  } catch {
    // Whatever the provider read there, it may have searched.
    return true
  }
}
