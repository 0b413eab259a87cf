// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Builds the preloaded library with one of its sources replaced. */
import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const LIBRARY = 'libwasmsig-workerd.so'
const OBJECTS = /^hosts\/workerd\/CMakeFiles\/wasmsig_workerd(_parts)?\.dir\//

const outputOf = ({ command }) => / -o (\S+)/.exec(command)[1]

export class Builder {
  /** `build` is the folder of a build, which has compile_commands.json. */
  constructor(root, build) {
    Object.assign(this, { root, build })
    const commands = path.join(build, 'compile_commands.json')
    this.sources = JSON.parse(readFileSync(commands, 'utf8'))
      .map((source) => ({ ...source, output: outputOf(source) }))
      .filter(({ output }) => OBJECTS.test(output))
  }

  /** Compiles a text in place of a source; the object. */
  #compile(folder, source, text) {
    const { command, file, output } = source
    const [copy, object] = [`source${path.extname(file)}`, 'source.o'].map(
      (name) => path.join(folder, name)
    )
    writeFileSync(copy, text)
    const changed = command
      .replace(`-o ${output}`, `-o ${object}`)
      .replace(`-c ${file}`, `-c ${copy}`)
    execFileSync('sh', ['-c', `${changed} -w`], { cwd: this.build })
    return object
  }

  /** `file`, relative to the root, is replaced. Returns the command. */
  make(folder, file, text) {
    const absolute = path.join(this.root, file)
    const replaced = this.sources.find((source) => source.file === absolute)
    if (!replaced) throw new Error(`${file} is not of the library`)
    mkdirSync(folder, { recursive: true })
    const object = this.#compile(folder, replaced, text)
    const objects = this.sources.map((source) =>
      source === replaced ? object : path.join(this.build, source.output)
    )
    execFileSync('cc', [
      ...['-shared', '-o', path.join(folder, LIBRARY), ...objects],
      ...['-Wl,--exclude-libs,ALL', '-Wl,--no-undefined'],
      ...[path.join(this.build, 'core/libwasmsig.a'), '-ldl']
    ])
    // It finds the library beside itself.
    const command = path.join(folder, 'wasmsig')
    linkSync(path.join(this.build, 'wasmsig'), command)
    return command
  }
}
