import { styled } from './style.ts'

/** What a script reads: one JSON document. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

export function printLine(text = ''): void {
  process.stdout.write(`${text}\n`)
}

/** For a person, beside what a script reads. */
export function printNote(text: string): void {
  process.stderr.write(`${text}\n`)
}

export function printWarning(text: string): void {
  process.stderr.write(`${styled('yellow', 'warning:', process.stderr)} ${text}\n`)
}

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => string
  readonly align?: 'right'
}

/** Rows under titles, each column as wide as its widest cell. */
export function printTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): void {
  const cells = rows.map((row) => columns.map(({ cell }) => plain(cell(row))))
  const titles = columns.map(({ title }) => title)
  const widths = columns.map((_, index) =>
    Math.max(...[titles, ...cells].map((row) => row[index]?.length ?? 0)),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0
        return columns[index]?.align === 'right' ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  process.stdout.write(`${styled('bold', line(titles))}\n`)
  for (const row of cells) process.stdout.write(`${line(row)}\n`)
}

/** Names come from many people: none of them may move the cursor or colour the terminal. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd')
}
