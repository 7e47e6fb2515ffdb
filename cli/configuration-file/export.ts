import { stringify } from 'yaml'
import { type ConnectionOptions, connect } from '../client/connection.ts'
import { printJson, printWarning } from '../terminal/output.ts'
import { withProgress } from '../terminal/progress.ts'
import { ExportConfiguration } from './documents.ts'

const heading = `# Written by "gatehouse export". Secrets are not in it: each is read from the variable that it names.
# gatehouse apply -f gatehouse.yaml --dry-run   shows what the file would change
`

/** Writes the whole configuration to stdout, as a file that changes nothing when it is applied. */
export async function exportFile(options: ConnectionOptions & { readonly json?: boolean }): Promise<void> {
  const controlPlane = await connect(options)
  const { configurationFile } = await withProgress('Reading', controlPlane.run(ExportConfiguration, {}))
  for (const warning of configurationFile.warnings) printWarning(warning)
  if (options.json) printJson(configurationFile.document)
  else process.stdout.write(heading + stringify(configurationFile.document, { lineWidth: 110 }))
}
