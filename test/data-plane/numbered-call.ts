import type { Gateway } from '../environment/gateway.ts'

/** Calls the data planes in turn. @returns the status */
export async function numberedCall(gateway: Gateway, index: number): Promise<number> {
  const at = gateway.dataPlanes[index % gateway.dataPlanes.length]?.url
  const response = await fetch(`${at}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.demo.virtualKey}` },
    body: JSON.stringify({
      model: 'demo-chat',
      max_tokens: 10,
      messages: [{ role: 'user', content: `call ${index}` }],
    }),
  })
  await response.arrayBuffer()
  return response.status
}
