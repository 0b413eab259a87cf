// SPDX-License-Identifier: Apache-2.0 OR MIT
import { readdirSync } from 'node:fs'
import path from 'node:path'

/** The files of these folders with that ending, relative to `root`. */
export function globSync(root, folders, ending) {
  return folders.flatMap((folder) =>
    readdirSync(path.join(root, folder))
      .filter((name) => name.endsWith(ending))
      .map((name) => `${folder}/${name}`)
  )
}
