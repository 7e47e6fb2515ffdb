import { Denied, type Operation } from 'gatehouse/plugin-sdk'
import { unboundedRefusal, unpricedPartRefusal } from './refusals.ts'

/** What a body says about its own cost, beyond its length. */
export interface InspectedBody {
  /** Pictures that the body itself carries. */
  readonly inlineImages: number
  /** How many prompts the body holds; each gets all the answers that are asked for. */
  readonly prompts: number
  /** Why the cost of the call cannot be bounded: it names something whose size the body does not show; null: it can. */
  readonly unbounded: Denied | null
}

const plain: InspectedBody = Object.freeze({ inlineImages: 0, prompts: 1, unbounded: null })

/*
 * A body without any of these words costs what its length says, and is not parsed. An escape for an ASCII character
 * could spell one of the words, so that it counts as one.
 */
const suspicious =
  /"(?:image_url|input_image|image_file|file_id|file_url|file_data|file|input_file|input_audio|audio|modalities|item_reference|previous_response_id|conversation|prompt|background|tools|web_search_options|service_tier)"|\\u00/

/**
 * @throws Denied `price_unknown`, naming the field, when the body asks for something that no token price covers
 */
export function inspectBody(operation: Operation, body: Buffer): InspectedBody {
  if (operation === 'embeddings' || operation === 'images.generations') return plain
  // Prompts may be many in one legacy call, each with answers of its own.
  if (operation !== 'completions' && !suspicious.test(body.toString('latin1'))) return plain
  const document = parseObject(body)
  if (operation === 'completions') return { ...plain, prompts: countPrompts(document) }
  refuseUnpriced(document)
  const parts = new Parts()
  parts.readReferences(operation, document)
  parts.read(document.messages, 'messages')
  parts.read(document.input, 'input')
  return { inlineImages: parts.inlineImages, prompts: 1, unbounded: parts.unbounded }
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

/** Top-level members that make the provider read something, and why its size is unknown. */
const references: Readonly<Record<string, string>> = {
  previous_response_id: 'refers to an earlier response of unknown length',
  conversation: 'refers to a conversation of unknown length',
}

/** Top-level members that cost what no token price says, and why. */
const unpricedMembers: Readonly<Record<string, string>> = {
  background: 'lets the answer be written after the call has ended',
  web_search_options: 'asks for a search that is billed apart',
  audio: 'asks for sound, which has no price here',
}

function refuseUnpriced(document: Members): void {
  for (const [field, why] of Object.entries(unpricedMembers)) {
    if (isSet(document[field])) throw unpricedPartRefusal(field, why)
  }
  if (document.service_tier === 'priority' || document.service_tier === 'scale') {
    throw unpricedPartRefusal('service_tier', 'asks for a tier with prices of its own')
  }
  if (Array.isArray(document.modalities) && document.modalities.some((item) => item !== 'text')) {
    throw unpricedPartRefusal('modalities', 'asks for more than text')
  }
  if (Array.isArray(document.tools)) document.tools.forEach(refuseHostedTool)
}

const ownTools: ReadonlySet<unknown> = new Set(['function', 'custom'])

function refuseHostedTool(tool: unknown): void {
  if (isObject(tool) && ownTools.has(tool.type)) return
  throw unpricedPartRefusal('tools', 'names a tool that the provider runs and bills')
}

/** Parts of a message that name something the body does not hold, or hold it in a form that bytes do not bound. */
const unboundedParts: ReadonlySet<string> = new Set(['file_id', 'file_url', 'file_data', 'image_file'])
/** Parts whose tokens have a price of their own. */
const unpricedParts: ReadonlySet<string> = new Set(['input_audio', 'audio'])

/** What the messages of a body are made of. */
class Parts {
  inlineImages = 0
  /** The first that has no bound. */
  unbounded: Denied | null = null

  readReferences(operation: Operation, document: Members): void {
    for (const [field, why] of Object.entries(references)) {
      if (isSet(document[field])) this.#noteUnbounded(field, why)
    }
    if (operation === 'responses' && isSet(document.prompt)) {
      this.#noteUnbounded('prompt', 'refers to a stored prompt of unknown length')
    }
  }

  read(value: unknown, path: string): void {
    if (Array.isArray(value)) {
      value.forEach((item, index) => {
        this.read(item, `${path}[${index}]`)
      })
    } else if (isObject(value)) this.#readMembers(value, path)
  }

  #readMembers(members: Members, path: string): void {
    if (members.type === 'item_reference') {
      this.#noteUnbounded(`${path}.id`, 'refers to a stored item of unknown length')
    }
    for (const [name, member] of Object.entries(members)) {
      const place = `${path}.${name}`
      if (name === 'image_url') this.#readImage(member, place)
      else if (unpricedParts.has(name) && isSet(member)) {
        throw unpricedPartRefusal(place, 'is sound, which has no price here')
      } else if (unboundedParts.has(name) && isSet(member)) {
        this.#noteUnbounded(place, 'has a size in tokens that cannot be known here')
      } else this.read(member, place)
    }
  }

  #readImage(value: unknown, path: string): void {
    const url = isObject(value) ? value.url : value
    if (!isSet(url)) return
    if (typeof url === 'string' && /^data:/i.test(url)) this.inlineImages++
    else this.#noteUnbounded(path, 'refers to a picture elsewhere: send it as a data: URL')
  }

  #noteUnbounded(field: string, why: string): void {
    this.unbounded ??= unboundedRefusal(field, why)
  }
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
