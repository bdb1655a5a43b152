package failure

import (
	"cmp"
	"strings"
)

// parseElixir reads exceptions of Elixir, what processes print that end by one, and stack traces
// alone. What was raised further in follows, more indented.
func parseElixir(text string) []*Exception {
	var root, at *Exception
	read := 0
	for line := range strings.SplitSeq(unfold(text), "\n") {
		if e := elixirException(line); e != nil {
			if read++; read > maxExceptions {
				break
			}
			if at == nil {
				root = e
			} else {
				at.Cause = e
			}
			at = e
			continue
		}
		f, ok := elixirFrame(strings.TrimSpace(cut(line, maxFrame)))
		if !ok {
			continue
		}
		if at == nil {
			root = &Exception{}
			at = root
		}
		if len(at.Frames) < maxFrames {
			at.Frames = append(at.Frames, f)
		}
	}
	return listOf(root)
}

// elixirException reads "** (KeyError) key :a not found".
func elixirException(line string) *Exception {
	before, rest, found := strings.Cut(cut(line, maxSignatureInput), "** (")
	name, message, closed := strings.Cut(rest, ")")
	if !found || !closed || before != "" && before[len(before)-1] != ' ' {
		return nil
	}
	name, _, _ = strings.Cut(name, " from ") // EXIT from #PID<0.1.0>
	if spanLen(name, isJavaName) != len(name) || !isClass(name) && name != "exit" && name != "stop" && name != "throw" {
		return nil
	}
	return &Exception{Type: name, Message: strings.TrimSpace(message)}
}

// elixirFrame reads "(shop 0.3.1) lib/shop/price.ex:44: Shop.Price.total/1".
func elixirFrame(s string) (Frame, bool) {
	app := ""
	if strings.HasPrefix(s, "(") {
		inner, rest, closed := strings.Cut(s[1:], ") ")
		if !closed {
			return Frame{}, false
		}
		app, _, _ = strings.Cut(inner, " ")
		s = rest
	}
	file, rest, _ := strings.Cut(s, ":")
	line, name, named := strings.Cut(rest, ": ")
	if ext := file[1+strings.LastIndexByte(file, '.'):]; ext != "ex" && ext != "exs" && ext != "erl" && ext != "eex" && ext != "heex" ||
		!named || lineNumber(line) == 0 || strings.ContainsAny(file, " \t") {
		return Frame{}, false
	}
	f := Frame{File: file, Line: lineNumber(line), Closure: strings.HasPrefix(name, "anonymous fn")}
	f.Module, f.Function = elixirName(name)
	f.InApp = !elixirApps[app] && !strings.HasPrefix(file, "deps/") && !(strings.HasSuffix(file, ".erl") && erlangModules[f.Module])
	return f, f.Function != ""
}

// elixirName splits "Shop.Price.total/1", ":gen_server.try_handle_call/4" and "anonymous fn/2 in
// Shop.Price.total/1" into module and function, without what is generated.
func elixirName(s string) (module, function string) {
	if _, in, found := strings.Cut(s, " in "); found {
		s = in
	}
	s, _, _ = strings.Cut(s, "/")
	s, _, _ = strings.Cut(s, "(")
	if before, quoted, found := strings.Cut(s, `."`); found { // "action (overridable 1)"
		name, _, _ := strings.Cut(quoted, " ")
		return before, strings.Trim(name, `"`)
	}
	module, function = cutLast(strings.TrimPrefix(strings.TrimSpace(s), ":"), ".")
	if function == "" {
		return "", cmp.Or(module, anonymous)
	}
	return module, function
}

// elixirApps are the applications that are never one's own.
var elixirApps = setOf(`
	elixir stdlib kernel erts logger mix ex_unit eex iex runtime_tools phoenix phoenix_html phoenix_live_view phoenix_pubsub
	phoenix_ecto plug plug_cowboy plug_crypto cowboy cowlib ranch bandit thousand_island ecto ecto_sql db_connection postgrex
	myxql tds mongodb_driver redix tesla finch mint nimble_pool hackney httpoison req jason poison telemetry opentelemetry
	opentelemetry_api opentelemetry_phoenix opentelemetry_ecto oban broadway gen_stage absinthe absinthe_plug swoosh gettext
	sentry spandex brod amqp grpc ssl inets crypto`)

// erlangModules are modules of Erlang's own that run the code of others.
var erlangModules = setOf(`
	gen_server gen_statem gen_event gen_fsm gen proc_lib supervisor erlang lists maps ets timer erl_eval application
	application_master gen_tcp ssl logger error_logger`)
