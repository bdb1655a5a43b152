package failure

import (
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const goPanicTrace = `panic: assignment to entry in nil map [recovered]
	panic: assignment to entry in nil map

goroutine 34 [running]:
main.main.func1()
	/app/main.go:11 +0x5e
panic({0x104c3a0?, 0x10d2f60?})
	/usr/local/go/src/runtime/panic.go:785 +0x132
runtime.mapassign_faststr(0x104, {0xc0, 0x5})
	/usr/local/go/src/runtime/map_faststr.go:205 +0x2a
example.com/shop/inventory.(*Store).Reserve.func1.2({0xc000, 0x2})
	/app/inventory/store.go:42 +0x1d
example.com/shop/inventory.(*Store).Reserve(0xc0001, {0xc000, 0x2})
	/app/inventory/store.go:40 +0x9f
github.com/go-chi/chi/v5.(*Mux).ServeHTTP(0xc0, {0x1, 0x2}, 0xc1)
	/root/go/pkg/mod/github.com/go-chi/chi/v5@v5.0.1/mux.go:90 +0x2e
net/http.HandlerFunc.ServeHTTP(...)
	/usr/local/go/src/net/http/server.go:2220
created by net/http.(*Server).Serve in goroutine 1
	/usr/local/go/src/net/http/server.go:3360 +0x485

goroutine 1 [IO wait]:
main.other()
	/app/main.go:1 +0x1
`

func TestGoPanicTrace(t *testing.T) {
	for name, text := range map[string]string{
		"printed": goPanicTrace,
		"joined":  strings.Join(strings.Fields(goPanicTrace), " "),
		"escaped": strings.ReplaceAll(strings.ReplaceAll(goPanicTrace, "\n", `\n`), "\t", `\t`),
		"in log":  "2026/01/02 03:04:05 recovered: " + goPanicTrace,
	} {
		t.Run(name, func(t *testing.T) {
			found := ParseExceptions(text)
			require.Len(t, found, 1)
			e := found[0]
			assert.Equal(t, "panic", e.Type)
			assert.Equal(t, "assignment to entry in nil map", e.Message)
			require.Len(t, e.Frames, 4)
			assert.Equal(t, Frame{
				Module: "example.com/shop/inventory", Function: "(*Store).Reserve", File: "/app/inventory/store.go", Line: 42, InApp: true, Closure: true,
			}, e.Frames[0])
			assert.Equal(t, Frame{
				Module: "github.com/go-chi/chi/v5", Function: "(*Mux).ServeHTTP",
				File: "/root/go/pkg/mod/github.com/go-chi/chi/v5@v5.0.1/mux.go", Line: 90,
			}, e.Frames[2])
			assert.Equal(t, []string{"example.com/shop/inventory.(*Store).Reserve"}, namesOf(e.Frames))
		})
	}
}

func TestGoNetHTTPPanic(t *testing.T) {
	found := ParseExceptions("2026/01/02 03:04:05 http: panic serving 127.0.0.1:4242: runtime error: index out of range [5] with length 3\n" +
		"goroutine 7 [running]:\nnet/http.(*conn).serve.func1()\n\t/usr/local/go/src/net/http/server.go:1947 +0xbe\npanic({0x1?, 0x2?})\n" +
		"\t/usr/local/go/src/runtime/panic.go:785 +0x132\nmain.pick[...](0x1)\n\t/app/main.go:9 +0x1\n")
	require.Len(t, found, 1)
	assert.Equal(t, "runtime.Error", found[0].Type)
	assert.Equal(t, "runtime error: index out of range [5] with length 3", found[0].Message)
	assert.Equal(t, []Frame{{Module: "main", Function: "pick", File: "/app/main.go", Line: 9, InApp: true}}, found[0].Frames)
}

func TestGoMessageWithoutTrace(t *testing.T) {
	for text, want := range map[string]named{
		"panic: runtime error: invalid memory address or nil pointer dereference": {"runtime.Error", "runtime error: invalid memory address or nil pointer dereference"},
		"fatal error: concurrent map writes":                                      {"fatal error", "concurrent map writes"},
		"panic: boom\n[signal SIGSEGV: x]":                                        {"panic", "boom"},
		"handler failed: runtime error: integer divide by zero":                   {"runtime.Error", "runtime error: integer divide by zero"},
	} {
		found := ParseExceptions(text)
		if assert.Len(t, found, 1, text) {
			assert.Equal(t, []named{want}, chain(found[0]))
		}
	}
}

func nilMap() map[string]int { return nil }

// TestGoDebugStack reads the stack this toolchain really writes in a deferred recover.
func TestGoDebugStack(t *testing.T) {
	var stack string
	func() {
		defer func() {
			_ = recover()
			stack = string(debug.Stack())
		}()
		nilMap()["x"] = 1
	}()
	found := ParseExceptions(stack)
	require.Len(t, found, 1)
	assert.Empty(t, found[0].Type)
	assert.Equal(t, "TestGoDebugStack", found[0].Frames[0].Function, stack)
	assert.True(t, found[0].Frames[0].InApp)
}

func TestGoNames(t *testing.T) {
	for in, want := range map[string][2]string{
		"main.main":                      {"main", "main"},
		"main.(*T).M-fm":                 {"main", "(*T).M"},
		"main.glob..func1":               {"main", "glob"},
		"main.init.0.func1":              {"main", "init"},
		"a.b/c%2ev2.F":                   {"a.b/c.v2", "F"},
		"a.b/c.Map[go.shape.int].func2":  {"a.b/c", "Map"},
		"main.f.gowrap1":                 {"main", "f"},
		"main.f-range1":                  {"main", "f"},
		"a.b/c.(*S[go.shape.string]).Do": {"a.b/c", "(*S).Do"},
	} {
		module, function, _ := splitGoName(in)
		assert.Equal(t, want, [2]string{module, function}, in)
	}
}
