import { Denied, type Operation } from 'gatehouse/plugin-sdk'
import { audioTokens } from './audio-tokens.ts'
import { type HostedTools, readHostedTools } from './hosted-tools.ts'
import { readBase64, readPictureUrl } from './inline-data.ts'
import { isObject, isSet, type Members } from './members.ts'
import { pictureSize } from './picture-size.ts'
import type { Picture } from './picture-tokens.ts'
import { unpricedPartRefusal } from './refusals.ts'

/** What a body asks for that makes the size of its call unknown. */
export interface UnboundedPart {
  readonly field: string
  /** Reads on from the field: `refers to …`. */
  readonly why: string
}

/** What a body says about its own cost, beyond its length. */
export interface InspectedBody {
  readonly pictures: readonly Picture[]
  /** The most tokens that the sound in it is billed as. */
  readonly audioTokens: number
  /** So much of the body is pictures and sound, and no text. */
  readonly mediaBytes: number
  readonly hostedTools: HostedTools | null
  /** The first member that sends sound, and the one that asks for it; null: none does. */
  readonly audioInput: string | null
  readonly audioOutput: string | null
  /** How many prompts the body holds; each gets all the answers that are asked for. */
  readonly prompts: number
  /** The first that has no bound; null: the cost of the call can be bounded. */
  readonly unbounded: UnboundedPart | null
}

const plain: InspectedBody = Object.freeze({
  pictures: [],
  audioTokens: 0,
  mediaBytes: 0,
  hostedTools: null,
  audioInput: null,
  audioOutput: null,
  prompts: 1,
  unbounded: null,
})

/*
 * A body without any of these words costs what its length says, and is not parsed. An escape for an ASCII character
 * could spell one of the words, so that it counts as one.
 */
const suspicious =
  /"(?:image_url|input_image|image_file|video_url|file_id|file_url|file_data|file|input_file|input_audio|audio|modalities|item_reference|previous_response_id|conversation|prompt|background|tools|web_search_options|service_tier)"|\\u00/

/**
 * @throws Denied `price_unknown`, naming the field, when the body asks for something that no price covers
 */
export function inspectBody(operation: Operation, body: Buffer): InspectedBody {
  if (operation === 'embeddings' || operation === 'images.generations') return plain
  // Prompts may be many in one legacy call, each with answers of its own.
  if (operation !== 'completions' && !suspicious.test(body.toString('latin1'))) return plain
  const document = parseObject(body)
  if (operation === 'completions') return { ...plain, prompts: countPrompts(document) }
  refuseUnpriced(document)
  const parts = new Parts(operation, document)
  const hostedTools = readHostedTools(operation, document)
  return {
    pictures: parts.pictures,
    audioTokens: parts.audioTokens,
    mediaBytes: parts.mediaBytes,
    hostedTools,
    audioInput: parts.audioInput,
    audioOutput: readAudioOutput(document),
    prompts: 1,
    unbounded: parts.unbounded ?? hostedTools?.unbounded ?? null,
  }
}

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

function refuseUnpriced(document: Members): void {
  if (isSet(document.background)) {
    throw unpricedPartRefusal('background', 'lets the answer be written after the call has ended')
  }
  if (document.service_tier === 'priority' || document.service_tier === 'scale') {
    throw unpricedPartRefusal('service_tier', 'asks for a tier with prices of its own')
  }
  if (modalitiesOf(document).some((item) => item !== 'text' && item !== 'audio')) {
    throw unpricedPartRefusal('modalities', 'asks for more than text and sound')
  }
}

function readAudioOutput(document: Members): string | null {
  if (isSet(document.audio)) return 'audio'
  return modalitiesOf(document).includes('audio') ? 'modalities' : null
}

function modalitiesOf({ modalities }: Members): readonly unknown[] {
  return Array.isArray(modalities) ? modalities : []
}

/** Top-level members that make the provider read something, and why its size is unknown. */
const references: Readonly<Record<string, string>> = {
  previous_response_id: 'refers to an earlier response of unknown length: send its text in input',
  conversation: 'refers to a conversation of unknown length: send its text in input',
}

/** Members of messages that name something the body does not hold, or hold it in a form that bytes do not bound. */
const unboundedMembers: ReadonlyMap<string, string> = new Map([
  ['file_id', 'refers to a file of unknown length: send its text'],
  ['file_url', 'refers to a file of unknown length: send its text'],
  ['file_data', 'is a file, and how many tokens its pages are its bytes do not tell: send its text'],
  ['image_file', 'refers to a picture of unknown size: send it as a data: URL'],
  ['video_url', 'is a film of unknown length'],
])

/** What the messages of a body are made of. */
class Parts {
  readonly pictures: Picture[] = []
  audioTokens = 0
  mediaBytes = 0
  audioInput: string | null = null
  unbounded: UnboundedPart | null = null
  /** Of which every provider takes the pictures and the sound for what they are; others may be shown to a model as text. */
  readonly #shownParts: ReadonlySet<unknown>

  constructor(operation: Operation, document: Members) {
    for (const [field, why] of Object.entries(references)) {
      if (isSet(document[field])) this.#noteUnbounded(field, why)
    }
    if (operation === 'responses' && isSet(document.prompt)) {
      this.#noteUnbounded('prompt', 'refers to a stored prompt of unknown length: send its text in input')
    }
    this.#shownParts = new Set([...partsOfUsers(document.messages), ...partsOfUsers(document.input)])
    this.#read(document.messages, 'messages')
    this.#read(document.input, 'input')
  }

  #read(value: unknown, path: string): void {
    if (Array.isArray(value)) {
      value.forEach((item, index) => {
        this.#read(item, `${path}[${index}]`)
      })
    } else if (isObject(value)) this.#readMembers(value, path)
  }

  #readMembers(members: Members, path: string): void {
    if (members.type === 'item_reference') {
      this.#noteUnbounded(`${path}.id`, 'refers to a stored item of unknown length: send it whole')
    }
    for (const [name, member] of Object.entries(members)) {
      const place = `${path}.${name}`
      const why = unboundedMembers.get(name)
      if (name === 'image_url') this.#readPicture(members, member, place)
      else if (name === 'input_audio' && isSet(member)) this.#readSound(members, member, place)
      else if (name === 'audio' && isSet(member)) this.#noteAudio(place, 'refers to sound of unknown length')
      else if (why !== undefined && isSet(member)) this.#noteUnbounded(place, why)
      else this.#read(member, place)
    }
  }

  /** In chat a picture is an object with a URL, in a response it is the URL. */
  #readPicture(part: Members, value: unknown, path: string): void {
    const { url, detail } = isObject(value) ? value : { url: value, detail: part.detail }
    if (!isSet(url)) return
    if (typeof url !== 'string' || !/^data:image\//i.test(url)) {
      this.#noteUnbounded(
        path,
        'refers to a picture elsewhere, or to something else: send a picture as a data: URL',
      )
      return
    }
    const data = readPictureUrl(url)
    const isShown = part.type === 'image_url' || part.type === 'input_image'
    if (data && isShown && this.#shownParts.has(part)) this.mediaBytes += data.bodyBytes
    const size = data && pictureSize(data.file)
    this.pictures.push({ size, isLowDetail: detail === 'low' })
  }

  #readSound(part: Members, value: unknown, path: string): void {
    const { data, format } = isObject(value) ? value : { data: undefined, format: undefined }
    const inline = typeof data === 'string' ? readBase64(data) : null
    const tokens = inline && audioTokens(inline.file, format)
    if (inline === null || tokens === null) {
      this.#noteAudio(path, 'is sound of unknown length: send WAV without compression, or MP3')
      return
    }
    this.audioInput ??= path
    this.audioTokens += tokens
    if (part.type === 'input_audio' && this.#shownParts.has(part)) this.mediaBytes += inline.bodyBytes
  }

  #noteAudio(field: string, why: string): void {
    this.audioInput ??= field
    this.#noteUnbounded(field, why)
  }

  #noteUnbounded(field: string, why: string): void {
    this.unbounded ??= { field, why }
  }
}

/** The parts of which the messages of users are made. */
function partsOfUsers(messages: unknown): unknown[] {
  if (!Array.isArray(messages)) return []
  return messages.flatMap((message: unknown) =>
    isObject(message) && message.role === 'user' && Array.isArray(message.content) ? message.content : [],
  )
}
