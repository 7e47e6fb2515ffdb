import { startIdentityProvider } from '../../test/environment/identity-provider.ts'

// A process of its own, so that its work is not taken for the control plane's.
const [redirectUri = '', people = '0'] = process.argv.slice(2)
const { people: known, ...provider } = await startIdentityProvider({ redirectUri })
for (let number = 0; number < Number(people); number++) {
  known.set(`person-${number}`, { name: `Person ${number}`, roles: ['reader'] })
}
const { issuer, clientId, clientSecret } = provider
process.send?.({ issuer, clientId, clientSecret })
process.once('disconnect', () => process.exit())
