/** The cases whose name contains a text. @throws RangeError when there is none */
export function chosenCases<Case extends { readonly name: string }>(
  cases: readonly Case[],
  text = '',
): readonly Case[] {
  const found = cases.filter(({ name }) => name.includes(text))
  if (found.length === 0) throw new RangeError(`--cases: no case has "${text}" in its name`)
  return found
}
