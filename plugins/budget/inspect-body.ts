import { Denied, type Operation } from 'gatehouse/plugin-sdk'
import { unboundedRefusal } from './refusals.ts'

/** What a body says about its own cost, beyond its length. */
export interface InspectedBody {
  /** Pictures that the body itself carries. */
  readonly inlineImages: number
  /** How many prompts the body holds; each gets all the answers that are asked for. */
  readonly prompts: number
}

const plain: InspectedBody = Object.freeze({ inlineImages: 0, prompts: 1 })

/*
 * A body without any of these words costs what its length says, and is not parsed. An escape for an ASCII character
 * could spell one of the words, so that it counts as one.
 */
const suspicious =
  /"(?:image_url|input_image|image_file|file_id|file_url|file_data|file|input_file|input_audio|audio|modalities|item_reference|previous_response_id|conversation|prompt|background|tools|web_search_options|service_tier)"|\\u00/

/**
 * @throws Denied `price_unknown`, naming the field, when the body makes the provider read something whose size it does
 * not show, or use something that no token price covers
 */
export function inspectBody(operation: Operation, body: Buffer): InspectedBody {
  if (operation === 'embeddings' || operation === 'images.generations') return plain
  // Prompts may be many in one legacy call, each with answers of its own.
  if (operation !== 'completions' && !suspicious.test(body.toString('latin1'))) return plain
  const document = parseObject(body)
  if (operation === 'completions') return { inlineImages: 0, prompts: countPrompts(document) }
  refuseUnbounded(operation, document)
  return { inlineImages: countInlineImages(document), prompts: 1 }
}

type Members = { readonly [name: string]: unknown }

function parseObject(body: Buffer): Members {
  let document: unknown
  try {
    document = JSON.parse(body.toString())
  } catch {
    throw new Denied('invalid_request_error', 'The body is not valid JSON')
  }
  if (!isObject(document)) throw new Denied('invalid_request_error', 'The body must be a JSON object')
  return document
}

/** A prompt is a text or an array of token numbers; an array of those is many prompts. */
function countPrompts({ prompt }: Members): number {
  if (!Array.isArray(prompt) || typeof prompt[0] === 'number') return 1
  return Math.max(1, prompt.length)
}

/** Top-level members that make a cost boundless, and why. */
const unboundedMembers: Readonly<Record<string, string>> = {
  previous_response_id: 'refers to an earlier response of unknown length',
  conversation: 'refers to a conversation of unknown length',
  background: 'lets the answer be written after the call has ended',
  web_search_options: 'asks for a search that is billed apart',
  audio: 'asks for sound, which has no price here',
}

function refuseUnbounded(operation: Operation, document: Members): void {
  for (const [field, why] of Object.entries(unboundedMembers)) {
    if (isSet(document[field])) throw unboundedRefusal(field, why)
  }
  if (operation === 'responses' && isSet(document.prompt)) {
    throw unboundedRefusal('prompt', 'refers to a stored prompt of unknown length')
  }
  if (document.service_tier === 'priority' || document.service_tier === 'scale') {
    throw unboundedRefusal('service_tier', 'asks for a tier with prices of its own')
  }
  if (Array.isArray(document.modalities) && document.modalities.some((item) => item !== 'text')) {
    throw unboundedRefusal('modalities', 'asks for more than text')
  }
  if (Array.isArray(document.tools)) document.tools.forEach(refuseHostedTool)
}

const ownTools: ReadonlySet<unknown> = new Set(['function', 'custom'])

function refuseHostedTool(tool: unknown): void {
  if (isObject(tool) && ownTools.has(tool.type)) return
  throw unboundedRefusal('tools', 'names a tool that the provider runs and bills')
}

/** Parts of a message that name something the body does not hold, or hold it in a form that bytes do not bound. */
const unboundedParts: ReadonlySet<string> = new Set([
  'file_id',
  'file_url',
  'file_data',
  'input_audio',
  'image_file',
  'audio',
])

function countInlineImages(document: Members): number {
  return countImagesIn(document.messages, 'messages') + countImagesIn(document.input, 'input')
}

function countImagesIn(value: unknown, path: string): number {
  if (Array.isArray(value)) {
    return value.reduce<number>((sum, item, index) => sum + countImagesIn(item, `${path}[${index}]`), 0)
  }
  if (!isObject(value)) return 0
  if (value.type === 'item_reference') {
    throw unboundedRefusal(`${path}.id`, 'refers to a stored item of unknown length')
  }
  let images = 0
  for (const [name, member] of Object.entries(value)) {
    const place = `${path}.${name}`
    if (unboundedParts.has(name) && isSet(member)) {
      throw unboundedRefusal(place, 'has a size in tokens that cannot be known here')
    }
    images += name === 'image_url' ? countImage(member, place) : countImagesIn(member, place)
  }
  return images
}

function countImage(value: unknown, path: string): number {
  const url = isObject(value) ? value.url : value
  if (!isSet(url)) return 0
  if (typeof url === 'string' && /^data:/i.test(url)) return 1
  throw unboundedRefusal(path, 'refers to a picture elsewhere: send it as a data: URL')
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
