import packageJson from '../package.json' with { type: 'json' }

/** The release that this control plane runs. */
export const { version } = packageJson
