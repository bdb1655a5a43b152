package failure

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

const second = signal.Nanos(1_000_000_000)

// printed has one record for each line of a text, a millisecond apart.
func printed(service, text string) []*signal.Log {
	res := &signal.Resource{Attributes: strs("service.name", service)}
	var logs []*signal.Log
	for i, line := range strings.Split(text, "\n") {
		logs = append(logs, &signal.Log{Resource: res, Time: second + signal.Nanos(i)*1_000_000, Body: signal.Value{Data: line}})
	}
	return logs
}

// printedStacks are stacks of every language, as a process prints them.
var printedStacks = map[string]string{
	"java":            strings.TrimSpace(javaStack),
	"java in a log":   "2026-01-02 15:04:05,123 ERROR [main] c.s.Pay - payment failed\n" + strings.TrimSpace(javaStack),
	"python":          strings.TrimSpace(strings.TrimPrefix(pythonTraces, "request failed\n")),
	"python in a log": "ERROR:root:" + strings.TrimSpace(pythonTraces),
	"dotnet":          strings.TrimSpace(dotnetTrace),
	"node":            strings.TrimSpace(nodeTrace),
	"go":              strings.TrimSpace(goPanicTrace),
	"ruby":            "/app/price.rb:17:in `round': undefined method `*' for nil:NilClass (NoMethodError)\n\tfrom /app/price.rb:9:in `total'\n\tfrom /app/bin/worker:5:in `<main>'",
	"ruby's logger":   "undefined method `*' (NoMethodError)\n/app/price.rb:17:in `round'\n/app/price.rb:9:in `total'",
	"php":             "PHP Fatal error:  Uncaught TypeError: no in /a/Tax.php:21\nStack trace:\n#0 /a/Invoice.php(88): App\\Tax->rate()\n#1 {main}\n  thrown in /a/Tax.php on line 21",
	"rust":            "thread 'main' panicked at src/a.rs:1:2:\ncalled `Option::unwrap()` on a `None` value\nstack backtrace:\n   0: shop::pay\n             at ./src/a.rs:1:2\nnote: run with `RUST_BACKTRACE=1`",
	"anyhow":          "Error: cannot charge\n\nCaused by:\n    0: cannot connect\n    1: Connection refused (os error 111)",
	"elixir":          "21:24:03.356 [error] GenServer Shop.Cache terminating\n** (KeyError) key :a not found\n    (shop 0.3.1) lib/shop/cache.ex:44: Shop.Cache.get/3\n    (stdlib 5.2) gen_server.erl:1113: :gen_server.try_handle_call/4",
	"firefox":         "TypeError: cart is undefined\naddToCart@https://shop.example/cart.js:1:2204\nload@https://shop.example/index.js:3:1",
}

func TestJoinStacks(t *testing.T) {
	for name, text := range printedStacks {
		t.Run(name, func(t *testing.T) {
			before := &signal.Log{Resource: &signal.Resource{Attributes: strs("service.name", "shop")}, Time: 1, Body: signal.Value{Data: "started"}}
			logs := append([]*signal.Log{before}, printed("shop", text+"\norder 7 placed\n  in a hurry")...)
			stacks := JoinStacks(logs)
			require.Len(t, stacks, 1)
			assert.Equal(t, text, stacks[0].Text)
			assert.Equal(t, logs[1:2+strings.Count(text, "\n")], stacks[0].Lines)
			assert.Equal(t, ParseExceptions(text), ParseExceptions(stacks[0].Text))

			counted := 0
			for _, l := range stacks[0].Lines {
				if _, ok := FromLog(l); ok {
					counted++
				}
			}
			assert.LessOrEqual(t, 2*counted, len(stacks[0].Lines), "its lines are no errors by themselves, but for its heads")
		})
	}
}

// TestJoinStacksInWrappings has lines in what container runtimes put around them.
func TestJoinStacksInWrappings(t *testing.T) {
	for name, wrap := range map[string]func(line string) signal.Value{
		"CRI": func(line string) signal.Value {
			return signal.Value{Data: "2026-01-02T15:04:05.123456789Z stderr F " + line}
		},
		"Docker": func(line string) signal.Value {
			return signal.Value{Data: fmt.Sprintf(`{"log":%q,"stream":"stderr"}`, line+"\n")}
		},
		"Docker, parsed": func(line string) signal.Value { return signal.Value{Data: strs("stream", "stderr", "log", line+"\n")} },
	} {
		logs := printed("shop", printedStacks["java"])
		for _, l := range logs {
			l.Body = wrap(l.Body.Str())
		}
		stacks := JoinStacks(logs)
		require.Len(t, stacks, 1, name)
		assert.Equal(t, printedStacks["java"], stacks[0].Text, name)
	}
}

func TestStacksOfSeveralStreams(t *testing.T) {
	const text = "a.b.CException: x\n\tat a.b.C.d(C.java:1)\n\tat a.b.C.e(C.java:2)"
	mix := func(change func(l *signal.Log)) []*signal.Log {
		var logs []*signal.Log
		other := printed("shop", text)
		for i, l := range printed("shop", text) {
			change(other[i])
			logs = append(logs, l, other[i])
		}
		return logs
	}
	for name, change := range map[string]func(l *signal.Log){
		"service": func(l *signal.Log) { l.Resource = &signal.Resource{Attributes: strs("service.name", "pay")} },
		"instance": func(l *signal.Log) {
			l.Resource = &signal.Resource{Attributes: strs("service.name", "shop", "host.name", "b")}
		},
		"file":     func(l *signal.Log) { l.Attributes = strs("log.file.path", "/b.log") },
		"trace":    func(l *signal.Log) { l.TraceID = signal.TraceID{1} },
		"severity": func(l *signal.Log) { l.Severity = 17 },
	} {
		stacks := JoinStacks(mix(change))
		require.Len(t, stacks, 2, name)
		for _, s := range stacks {
			assert.Equal(t, text, s.Text, name)
		}
	}
}

func TestStacksAndOtherLines(t *testing.T) {
	at := func(ms int, line string) *signal.Log {
		return &signal.Log{Resource: &signal.Resource{Attributes: strs("service.name", "shop")}, Time: second + signal.Nanos(ms)*1_000_000, Body: signal.Value{Data: line}}
	}
	const head, first, next = "a.b.CException: x", "\tat a.b.C.d(C.java:1)", "\tat a.b.C.e(C.java:2)"
	for name, c := range map[string]struct {
		logs []*signal.Log
		want []string
	}{
		"another line between": {[]*signal.Log{at(0, head), at(1, first), at(2, "order 7 placed"), at(3, next)}, []string{head + "\n" + first + "\n" + next}},
		"another stack between": {
			[]*signal.Log{at(0, head), at(1, first), at(2, "f.GException: y"), at(3, "\tat f.G.h(G.java:1)")},
			[]string{head + "\n" + first, "f.GException: y\n\tat f.G.h(G.java:1)"},
		},
		"too late":             {[]*signal.Log{at(0, head), at(1, first), at(1002, next)}, []string{head + "\n" + first}},
		"no stack":             {[]*signal.Log{at(0, "config:"), at(1, "  a: 1"), at(2, "  b: 2")}, nil},
		"a head alone":         {[]*signal.Log{at(0, head), at(1, "order 7 placed")}, nil},
		"lines without a head": {[]*signal.Log{at(0, first), at(1, next)}, []string{first + "\n" + next}},
		"an error and an exception": {
			[]*signal.Log{at(0, "2026-01-02 15:04:05 ERROR no"), at(1, head), at(2, first)},
			[]string{"2026-01-02 15:04:05 ERROR no\n" + head + "\n" + first},
		},
		"no error, and an exception": {
			[]*signal.Log{at(0, "2026-01-02 15:04:05 INFO yes"), at(1, head), at(2, first)}, []string{head + "\n" + first},
		},
	} {
		var got []string
		for _, s := range JoinStacks(c.logs) {
			got = append(got, s.Text)
		}
		assert.Equal(t, c.want, got, name)
	}
}

func TestJoinStacksIsBounded(t *testing.T) {
	text := "a.b.CException: x" + strings.Repeat("\n\tat a.b.C.d(C.java:1)", 100_000)
	logs := printed("shop", text)
	for _, l := range logs {
		l.Time = second
	}
	var stacks []PrintedStack
	endsInTime(t, "joining", func() { stacks = JoinStacks(logs) })
	for _, s := range stacks {
		assert.LessOrEqual(t, len(s.Lines), maxStackLines)
		assert.LessOrEqual(t, len(s.Text), maxStackBytes+100)
	}
}

// TestStackLines: a line below the head of a stack is no error by itself; the head is.
func TestStackLines(t *testing.T) {
	for _, line := range []string{
		"\tat a.b.C.d(C.java:1)", "   at Shop.Pay.Charge(Order o) in /src/Pay.cs:line 12", "    at f (/app/a.js:1:2)", "Caused by: a.b.CException: x",
		"\t... 12 more", `  File "/app/a.py", line 3, in f`, "#1 /a/b.php(33): App\\B->c()", "\tfrom /app/a.rb:9:in `total'", "/app/a.rb:9:in `total'",
		"    (shop 0.3.1) lib/shop/a.ex:44: Shop.A.b/1", "load@https://shop.example/a.js:3:1", " ---> System.Exception: x",
		"2026-01-02T15:04:05.123456789Z stderr F \tat a.b.C.d(C.java:1)", `{"log":"\tat a.b.C.d(C.java:1)\n","stream":"stderr"}`,
	} {
		_, ok := FromLog(&signal.Log{Body: signal.Value{Data: line}})
		assert.False(t, ok, line)
	}
	for _, line := range []string{
		"a.b.CException: x", pythonTrace, "panic: boom", "thread 'main' panicked at src/a.rs:1:2:", "** (KeyError) no",
		"/app/a.rb:17:in `round': no (NoMethodError)", "PHP Fatal error:  Uncaught TypeError: no in /a/Tax.php:21",
		"2026-01-02T15:04:05.123456789Z stderr F panic: boom",
	} {
		_, ok := FromLog(&signal.Log{Body: signal.Value{Data: line}})
		assert.True(t, ok, line)
	}
}

func FuzzJoinStacks(f *testing.F) {
	for _, text := range printedStacks {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		logs := printed("shop", text)
		at := make(map[*signal.Log]bool)
		for _, s := range JoinStacks(logs) {
			if len(s.Lines) < 2 || len(ParseExceptions(s.Text)) == 0 {
				t.Fatalf("no stack: %q", s.Text)
			}
			for _, l := range s.Lines {
				if at[l] {
					t.Fatal("a record is in two stacks")
				}
				at[l] = true
			}
		}
	})
}

// Of a stack that came one record a line, each an error, only the first is an error signal, and tells all.
func TestSignalsJoinStacks(t *testing.T) {
	for name, text := range printedStacks {
		logs := printed("ledger", text)
		for _, l := range logs {
			l.Severity = signal.SeverityError
		}
		healthy := *logs[0]
		healthy.Severity, healthy.Body.Data, healthy.Time = 9, "paid", second/2
		signals := SignalsOf(&incident.Trace{Logs: append(logs, &healthy)})
		var errors []*signal.Log
		for _, l := range logs {
			if signals.IsLog(l) {
				errors = append(errors, l)
			}
		}
		if assert.Len(t, errors, 1, name) {
			assert.Same(t, logs[0], errors[0], name)
			assert.NotEmpty(t, ParseExceptions(signals.Observe(errors[0]).Stack), name)
		}
		assert.False(t, signals.IsLog(&healthy))
	}
}
