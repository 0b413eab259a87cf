// SPDX-License-Identifier: Apache-2.0 OR MIT

// Measures a module in wazero:
//
//	wazero MODULE.wasm SCRIPT turns [done]
//
// The scripts are those of test/real/wasmtime; replay.c there describes them.
// For each number that is read, the job is done so many times, and the
// milliseconds of CPU time are printed. With `done`, the functions end when
// their context is done (WithCloseOnContextDone). It never is.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"golang.org/x/sys/unix"
)

const wasi = wasi_snapshot_preview1.ModuleName

type guest struct {
	ctx     context.Context
	module  api.Module
	results map[string]uint64
	texts   map[string][]byte
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func (g *guest) bytesAt(address, length uint64) []byte {
	bytes, ok := g.module.Memory().Read(uint32(address), uint32(length))
	if !ok {
		check(fmt.Errorf("an address is outside: %d", address))
	}
	return bytes
}

func (g *guest) valueOf(word string) uint64 {
	name, isLoaded := strings.CutPrefix(word, "*")
	value, isResult := g.results[name]
	if !isResult {
		number, err := strconv.ParseUint(name, 0, 64)
		check(err)
		value = number
	}
	if isLoaded {
		loaded, _ := g.module.Memory().ReadUint32Le(uint32(value))
		return uint64(loaded)
	}
	return value
}

func (g *guest) call(result, export string, words []string) {
	arguments := make([]uint64, len(words))
	for i, word := range words {
		arguments[i] = g.valueOf(word)
	}
	results, err := g.module.ExportedFunction(export).Call(g.ctx, arguments...)
	check(err)
	g.results[result] = 0
	if len(results) > 0 {
		g.results[result] = results[0]
	}
}

func fill(bytes []byte) {
	state := uint32(1)
	for i := range bytes {
		state = state*1103515245 + 12345
		bytes[i] = 'a' + byte(state>>16)%7
	}
}

type line struct {
	text  string
	words []string
}

func linesOf(script string) (lines []line) {
	for text := range strings.SplitSeq(strings.TrimSpace(script), "\n") {
		if !strings.HasPrefix(text, "#") {
			lines = append(lines, line{text, strings.Fields(text)})
		}
	}
	return lines
}

func (g *guest) follow(line line) {
	words := line.words
	if len(words) > 2 && words[1] == "=" {
		switch words[2] {
		case "call":
			g.call(words[0], words[3], words[4:])
		case "global":
			g.results[words[0]] = g.module.ExportedGlobal(words[3]).Get()
		case "text":
			text := strings.SplitN(line.text, " ", 4)[3]
			text = strings.NewReplacer(`\n`, "\n", `\0`, "\x00").Replace(text)
			g.texts[words[0]] = []byte(text)
			g.results[words[0]] = uint64(len(text))
		}
		return
	}
	switch words[0] {
	case "poke":
		text := g.texts[words[2]]
		copy(g.bytesAt(g.valueOf(words[1]), uint64(len(text))), text)
	case "fill":
		fill(g.bytesAt(g.valueOf(words[1]), g.valueOf(words[2])))
	case "peek":
		g.bytesAt(g.valueOf(words[1]), g.valueOf(words[2]))
	case "expect":
		if g.valueOf(words[1]) != g.valueOf(words[2]) {
			check(fmt.Errorf("a result is not the expected one: %s", line.text))
		}
	}
}

// Other imports than WASI's trap.
func defineImports(ctx context.Context, engine wazero.Runtime,
	compiled wazero.CompiledModule) {
	wasi_snapshot_preview1.MustInstantiate(ctx, engine)
	builders := map[string]wazero.HostModuleBuilder{}
	for _, function := range compiled.ImportedFunctions() {
		module, name, _ := function.Import()
		if module == wasi {
			continue
		}
		if builders[module] == nil {
			builders[module] = engine.NewHostModuleBuilder(module)
		}
		trap := func(context.Context, api.Module, []uint64) { panic(name) }
		builders[module].NewFunctionBuilder().
			WithGoModuleFunction(api.GoModuleFunc(trap),
				function.ParamTypes(), function.ResultTypes()).
			Export(name)
	}
	for _, builder := range builders {
		_, err := builder.Instantiate(ctx)
		check(err)
	}
}

func instantiate(ctx context.Context, path string, ends bool) api.Module {
	// Polls are atomic loads.
	features := api.CoreFeaturesV2 | experimental.CoreFeaturesThreads
	engine := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().
		WithCoreFeatures(features).WithCloseOnContextDone(ends))
	bytes, err := os.ReadFile(path)
	check(err)
	compiled, err := engine.CompileModule(ctx, bytes)
	check(err)
	defineImports(ctx, engine, compiled)
	module, err := engine.InstantiateModule(ctx, compiled,
		wazero.NewModuleConfig().WithStartFunctions())
	check(err)
	return module
}

func spentMs() float64 {
	var now unix.Timespec
	check(unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now))
	return float64(now.Nano()) / 1e6
}

func main() {
	if len(os.Args) < 4 {
		check(fmt.Errorf("usage: wazero MODULE.wasm SCRIPT turns [done]"))
	}
	runtime.LockOSThread()
	// Only a context that can end is checked.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ends := len(os.Args) > 4 && os.Args[4] == "done"
	guest := guest{ctx, instantiate(ctx, os.Args[1], ends),
		map[string]uint64{}, map[string][]byte{}}
	script, err := os.ReadFile(os.Args[2])
	check(err)
	before, job, _ := strings.Cut(string(script), "\njob\n")
	turn := func(lines []line) {
		for _, line := range lines {
			guest.follow(line)
		}
	}
	turn(linesOf(before))
	lines := linesOf(job)
	turn(lines)
	fmt.Println("@{}")
	for count := 0; ; {
		if _, err := fmt.Scan(&count); err != nil {
			return
		}
		begin := spentMs()
		for range count {
			turn(lines)
		}
		fmt.Printf("@{\"ms\":%f}\n", spentMs()-begin)
	}
}
