import { type FileHandle, open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Files hold configuration and sealed secrets: they are the owner's alone. */
export const privateFileMode = 0o600
export const privateDirectoryMode = 0o700

/** Replaces a file whole: after a crash there is the old text or the new one, never a part. */
export async function writeDurably(
  path: string,
  text: string | Iterable<string | Uint8Array>,
): Promise<void> {
  const temporary = `${path}.writing`
  try {
    await withFile(temporary, 'w', async (file) => {
      await writeFile(file, text)
      await file.sync()
    })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}

/** Makes what was created, renamed or removed in a directory survive a loss of power. */
export async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory; its file system journals the rename itself.
  if (process.platform === 'win32') return
  await withFile(path, 'r', (directory) => directory.sync())
}

export async function withFile<T>(
  path: string,
  flags: string,
  work: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, flags, privateFileMode)
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}
