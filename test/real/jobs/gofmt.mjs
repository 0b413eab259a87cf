// SPDX-License-Identifier: Apache-2.0 OR MIT
/** TinyGo: formats Go. */
import { load } from '../packages.mjs'

const SOURCE = `package main
import ("fmt";"os")
type T struct{a int;bb string // comment
ccc []map[string]func(int)(error)}
func (t *T) f(x ...int) (n int, err error) {for i:=range x {switch{case i>1: n+=i
default: return}};defer func(){recover()}();return}
func main(){fmt.Println(os.Args, T{a:1, bb:"x"})}
`

export async function start() {
  const { format } = await load('@wasm-fmt/gofmt', 'gofmt_node.js')
  const more = Array.from(
    { length: 40 },
    (_, i) => `func f${i}(){ g( ${i},1 )}\n`
  )
  return () => format(SOURCE + more.join(''))
}
