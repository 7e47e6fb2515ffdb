import packageJson from '../package.json' with { type: 'json' }

/** The release that this data plane runs. */
export const { version } = packageJson
