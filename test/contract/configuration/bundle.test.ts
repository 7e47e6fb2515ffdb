import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type ConfigurationBundle, readBundle, writeBundle } from '../../../contract/configuration/bundle.ts'
import { ContractViolation } from '../../../contract/validation.ts'

const bytesOf = (bundle: ConfigurationBundle) =>
  Buffer.concat([...writeBundle(bundle)].map((part) => Buffer.from(part)))

/** Documents may have lines of their own. */
const document = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc.string({ minLength: 1, unit: 'grapheme' }),
  fc.constant('a\nend\n'),
)
const bundles: fc.Arbitrary<ConfigurationBundle> = fc.record({
  head: document,
  credentials: fc.option(document),
  snapshot: fc.option(document),
  deltas: fc.array(document, { maxLength: 4 }),
})

it('what was written is read again', () => {
  fc.assert(
    fc.property(bundles, (bundle) => {
      expect(readBundle(bytesOf(bundle))).toEqual(bundle)
    }),
  )
})

it('one that was cut off anywhere, or goes on behind its end, is refused whole', () => {
  fc.assert(
    fc.property(bundles, fc.nat(), (bundle, cut) => {
      const bytes = bytesOf(bundle)
      expect(() => readBundle(bytes.subarray(0, cut % bytes.length))).toThrow(ContractViolation)
      expect(() => readBundle(Buffer.concat([bytes, Buffer.from('delta 2\n{}\n')]))).toThrow(
        ContractViolation,
      )
    }),
  )
})

it.each([
  '',
  '\n',
  'end\n',
  'hello\n',
  'delta 2\n{}\nend\n',
  'head 9\n{}\nend\n',
  'heads 2\n{}\nend\n',
  '{"head":"x"}',
])('%j is no bundle', (text) => {
  expect(() => readBundle(Buffer.from(text))).toThrow(/torn, or none at all/)
})
