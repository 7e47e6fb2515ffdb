import { createHash } from 'node:crypto'
import { definePlugin, Type } from 'gatehouse/plugin-sdk'

/*
 * Works on every event of an answer, as one does that looks for what must not leave the house. Beside it generator and
 * provider cost little, so that the data plane is the bottleneck also where all three share two cores.
 */
export default definePlugin({
  name: 'laborious',
  version: '1.0.0',
  config: Type.Object({ bytesPerEvent: Type.Integer({ minimum: 1 }) }, { additionalProperties: false }),
  setup({ bytesPerEvent }) {
    const work = Buffer.alloc(bytesPerEvent)
    return {
      onChunk(_call, chunk) {
        createHash('sha256').update(work).digest()
        return chunk
      },
    }
  },
})
