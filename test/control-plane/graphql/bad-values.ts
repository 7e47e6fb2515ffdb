import { crc32 } from 'node:zlib'
import type { Things } from '../tenancy-things.ts'
import type { Position } from './input-positions.ts'

/** A value that fits no, or hardly any, field of a type. */
export interface BadValue {
  /** What is bad about it. */
  readonly name: string
  readonly value: unknown
}

/** JSON text that `JSON.stringify` would not write. */
export class RawJson {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A body is at most a million bytes long. */
const hugeText = 'x'.repeat(900_000)
const rightToLeftOverride = '\u202e'

type Values = Readonly<Record<string, unknown>>

/** What values of a type are tried with. */
interface Corpus {
  /** At every position: its own check decides, and not its type. */
  readonly everywhere: Values
  /** At one position of each mutation: the type refuses them, or what every argument goes through. */
  readonly once: Values
}

const texts: Values = {
  'a NUL': 'a\u0000b',
  'a control character': 'a\u0007b',
  'a line break': 'a\nb',
  'an override of the direction': `a${rightToLeftOverride}b`,
  'an empty text': '',
  blanks: '   ',
  emoji: 'team 🦊',
  'the name of a prototype': '__proto__',
}

const unreadable: Values = { 'a lone surrogate': 'a\ud800b', 'a text of 70 kB': 'x'.repeat(70_000) }

const wrongKinds: Values = {
  'a boolean': true,
  'an empty list': [],
  'an empty object': {},
  'a list in a list': [[]],
}

const wrongNumbers: Values = {
  '2^31': 2 ** 31,
  '2^53': 2 ** 53,
  '1e400': new RawJson('1e400'),
  '-1e400': new RawJson('-1e400'),
  '1e308': 1e308,
  NaN: new RawJson('NaN'),
  Infinity: new RawJson('Infinity'),
  'a number with a leading zero': new RawJson('007'),
}

const integers: Values = {
  'a negative number': -1,
  'minus 2^31': -(2 ** 31),
  'the largest Int': 2 ** 31 - 1,
}

const amounts: Values = {
  'a negative amount': '-1',
  'a sign': '+1',
  'an exponent': '1e9',
  'digits of another script': '١٢٣',
  hexadecimal: '0x10',
  'a thousands separator': '1,000',
  'a line break at the end': '1\n',
}

const corpora: Readonly<Record<string, Corpus>> = {
  String: {
    everywhere: texts,
    once: { ...unreadable, ...wrongKinds, 'a number': 1, 'a text of 900 kB': hugeText },
  },
  Int: {
    everywhere: integers,
    once: { ...wrongNumbers, ...wrongKinds, 'a fraction': 0.5, 'a number as text': '1' },
  },
  Float: {
    everywhere: { ...integers, ...wrongNumbers, 'a fraction': 0.5 },
    once: { ...wrongKinds, 'a number as text': '1' },
  },
  Boolean: {
    everywhere: {},
    once: { 'a text': 'true', 'a number': 1, 'an empty list': [], 'an empty object': {} },
  },
  NanoUsd: {
    everywhere: {},
    once: {
      ...{ ...texts, ...unreadable, ...wrongKinds, ...integers, ...wrongNumbers, ...amounts },
      'a fraction': 0.5,
      '2^63': String(2n ** 63n),
      '10^18': '1000000000000000000',
      'a fraction as text': '0.5',
    },
  },
  Usd: {
    everywhere: { 'a hundred million': 100_000_000, '10^9': 1_000_000_000, '10^9 as text': '1000000000' },
    once: {
      ...{ ...texts, ...unreadable, ...wrongKinds, ...integers, ...wrongNumbers, ...amounts },
      'a fraction': 0.5,
      'finer than a nano-USD': 1e-10,
      'finer than a nano-USD, as text': '0.0000000001',
      'no digit before the point': '.5',
      'no digit after the point': '1.',
    },
  },
  DateTime: {
    everywhere: { 'the past': '1969-12-31T23:59:59Z' },
    once: {
      ...{ ...texts, ...unreadable, ...wrongKinds },
      'a number': 1,
      'the year 275760': '+275760-09-13T00:00:00Z',
      'the year 275760 without a sign': '275760-09-13T00:00:00Z',
      'the year 0': '0000-01-01T00:00:00Z',
      'the 30th of February': '2999-02-30T00:00:00Z',
      'the 29th of February of a common year': '2999-02-29T00:00:00Z',
      'the 13th month': '2999-13-01T00:00:00Z',
      'the 25th hour': '2999-01-01T25:00:00Z',
      'an offset of a day': '2999-01-01T00:00:00+24:00',
      'a date': '2999-01-01',
      'no offset': '2999-01-01T00:00:00',
      'a word': 'tomorrow',
    },
  },
  Duration: {
    everywhere: { 'a thousand years': 'P99999W' },
    once: {
      ...{ ...texts, ...unreadable, ...wrongKinds },
      'a number': 60,
      'a month': 'P1M',
      'a negative length': '-P1D',
      'a fraction': 'PT0.5S',
      nothing: 'P',
      'no time': 'PT',
      'a word': '1 day',
    },
  },
  Enum: {
    everywhere: {},
    once: {
      'an unknown word': 'NOPE',
      'a word in lower case': 'admin',
      'the name of a prototype': '__proto__',
      'the name of a constructor': 'constructor',
      'an empty text': '',
      'a number': 0,
      ...wrongKinds,
    },
  },
  Object: {
    everywhere: {},
    once: {
      'a text': 'x',
      'a number': 1,
      'an unknown field': { surprise: 1 },
      'a key of a prototype': new RawJson('{"__proto__": {"id": "x"}}'),
      'the key of a constructor': { constructor: { prototype: {} } },
      'the same key twice': new RawJson('{"surprise": 1, "surprise": 2}'),
    },
  },
  JSON: {
    everywhere: {
      'a text': 'x',
      'a number': 1,
      'a list': [],
      'a lone surrogate': { a: 'x\ud800' },
      'a lone surrogate in a key': { 'x\ud800': 1 },
      'a NUL': { a: 'x\u0000' },
      'a NUL in a key': { 'x\u0000': 1 },
      '1e400': new RawJson('{"a": 1e400}'),
      NaN: new RawJson('{"a": NaN}'),
      'a key of a prototype': new RawJson('{"__proto__": {"admin": true}}'),
      'a deep key of a prototype': new RawJson('{"a": [{"__proto__": {"admin": true}}]}'),
      'the key of a constructor': { constructor: { prototype: { admin: true } } },
      'the same key twice': new RawJson('{"a": 1, "a": 2}'),
      'the same key twice, once escaped': new RawJson('{"a": 1, "\\u0061": 2}'),
      'the same key twice, deep': new RawJson('{"a": [{"b": {"c": 1, "c": 1}}]}'),
      'lists 100 deep': new RawJson(`{"a": ${'['.repeat(100)}${']'.repeat(100)}}`),
      'lists 400 000 deep': new RawJson(`{"a": ${'['.repeat(400_000)}${']'.repeat(400_000)}}`),
      'objects 100 000 deep': new RawJson(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`),
      'a text of 900 kB': { a: hugeText },
      '100 000 elements': { a: Array.from({ length: 100_000 }, () => 1) },
    },
    once: {},
  },
}

/** `npm run prove` sets it. */
export const tryAllBadValues = 'GATEHOUSE_TEST_ALL_BAD_VALUES'

/** Whether it is tried, by its title: `npm test` takes a third of what is tried everywhere, `npm run prove` all. */
export function isTried(title: string): boolean {
  return process.env[tryAllBadValues] === 'true' || crc32(title) % 3 === 0
}

/** What is put at a position, by its type; `sample` is a value that fits. */
export function badValuesOf(
  { type, isRequired }: Pick<Position, 'type' | 'isRequired'>,
  sample: unknown,
  things: Things,
  isFirstOfType = true,
): BadValue[] {
  const { everywhere, once } = corpusOf(type, sample, things)
  const values = { ...(isRequired && { null: null }), ...everywhere, ...(isFirstOfType && once) }
  return Object.entries(values).map(([name, value]) => ({ name, value }))
}

function corpusOf(type: string, sample: unknown, things: Things): Corpus {
  if (type === 'List') return listsOf(Array.isArray(sample) ? sample[0] : sample)
  if (type === 'ID') {
    return {
      everywhere: { 'a NUL': texts['a NUL'], 'an empty text': '', ...idsBeside(sample, things) },
      once: { ...texts, ...unreadable, ...wrongKinds, 'a fraction': 0.5 },
    }
  }
  const corpus = corpora[type]
  if (!corpus) throw new Error(`name bad values of the type ${type}`)
  return corpus
}

function listsOf(element: unknown): Corpus {
  return {
    everywhere: { 'an element twice': [element, element] },
    once: {
      '10 000 elements': Array.from({ length: 10_000 }, () => element),
      'null as an element': [null],
      'an object': { length: 1, 0: element },
      'a number': 1,
    },
  }
}

function idsBeside(sample: unknown, { customer, team }: Things): Values {
  return {
    'the id of another kind': sample === customer ? team : customer,
    'an id of nothing': 'team_01ARZ3NDEKTSV4RRFFQ69G5FAV',
    'a number': 1,
    'a path': '../../etc/passwd',
    'a quote': `' or 1=1 --`,
  }
}
