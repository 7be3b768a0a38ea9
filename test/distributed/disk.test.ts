/** Folders of a batch, on file systems that refuse them. */
import { existsSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { folder } from './batch-kit.ts'
import { makeFolder, makeFolders } from '../../src/distributed/batch/disk.ts'

describe('the folder of the results', () => {
  it('is made with those above it, and may exist', () => {
    using files = folder()
    makeFolders(files.at('a/b/c'))
    makeFolders(files.at('a/b/c'))
    expect(statSync(files.at('a/b/c')).isDirectory()).toBe(true)
  })

  it('is refused by a file system that takes no folders, with its place', () => {
    using files = folder()
    const refuse = (path: string): void => {
      throw Object.assign(new Error(`ENOENT: mkdir ${path}`), { code: 'ENOENT' })
    }
    const reason = `the file system of ${files.path} takes no new folders (ENOENT)`
    expect(() => makeFolders(files.at('b'), refuse)).toThrow(reason)
    expect(() => makeFolders(files.at('b/results'), refuse)).toThrow(reason)
  })

  it('is refused below a file, and at a link that leads nowhere nothing is made', () => {
    using files = folder()
    writeFileSync(files.at('file'), '')
    expect(() => makeFolders(files.at('file/results'))).toThrow('ENOTDIR')
    symlinkSync(files.at('nowhere'), files.at('link'))
    makeFolders(files.at('link'))
    expect(existsSync(files.at('link'))).toBe(false)
  })
})

it('a folder of chunks is not made if the folder of the results is gone, because that may be the place of a mount', async () => {
  using files = folder()
  await makeFolder(files.at('000'))
  await makeFolder(files.at('000'))
  await expect(makeFolder(files.at('gone/000'))).rejects.toMatchObject({ code: 'ENOENT' })
  expect(existsSync(files.at('gone'))).toBe(false)
})
