package failure

import "strings"

const panickedAt = "panicked at "

// parseRust reads panics, and errors that print what caused them as anyhow and eyre do, with the
// backtrace where there is one.
func parseRust(text string) []*Exception {
	panicked := strings.Contains(text, panickedAt)
	text = unfold(text)
	head, trace := cutRustTrace(text)
	var e *Exception
	if panicked {
		e = rustPanic(head)
	} else {
		e = rustChain(head)
	}
	if e == nil {
		return nil
	}
	if frames := rustFrames(trace); len(frames) > 0 {
		e.Innermost().Frames = frames
	}
	return []*Exception{e}
}

// cutRustTrace splits before the backtrace.
func cutRustTrace(text string) (head, trace string) {
	for _, title := range []string{"stack backtrace:", "Stack backtrace:", "BACKTRACE"} {
		if head, trace, found := strings.Cut(text, title); found {
			return head, trace
		}
	}
	return text, ""
}

// rustPanic reads "thread 'main' panicked at src/main.rs:4:5:" and the message below it, or
// "thread 'main' panicked at 'message', src/main.rs:4:5" of older versions.
func rustPanic(head string) *Exception {
	before, rest, _ := strings.Cut(head, panickedAt)
	if !strings.Contains(before[max(0, len(before)-lookBack):], "thread") && strings.TrimSpace(before) != "" {
		return nil
	}
	e := &Exception{Type: goPanic}
	place, message := "", ""
	if quoted, found := strings.CutPrefix(rest, "'"); found {
		message, place = cutLast(firstLine(quoted), "', ")
	} else {
		place, message, _ = strings.Cut(rest, "\n")
		if at, said, inLine := strings.Cut(place, ": "); inLine { // its lines were joined
			place, message = at, said
		}
	}
	file, line := rustPlace(strings.TrimSuffix(strings.TrimSpace(place), ":"))
	if line == 0 {
		return nil
	}
	message, _, _ = strings.Cut(message, "note: run with")
	e.Message = firstLine(message)
	e.Frames = []Frame{{Function: anonymous, File: file, Line: line, InApp: !containsAny(file, rustLibraries)}}
	return e
}

// rustPlace reads "src/main.rs:4:5".
func rustPlace(s string) (file string, line int) {
	rest, column := cutLast(cut(s, maxFrame), ":")
	file, l := cutLast(rest, ":")
	if lineNumber(column) == 0 || !strings.HasSuffix(file, ".rs") || strings.ContainsAny(file, "\n") {
		return "", 0
	}
	return file, lineNumber(l)
}

// rustChain reads an error and below it what caused it: after "Caused by:", or numbered.
func rustChain(head string) *Exception {
	outer, causes, found := strings.Cut(head, "Caused by:\n")
	numbered := !found
	if numbered {
		var errors string
		if _, errors, found = strings.Cut(head, "Error:"); !found || strings.TrimSpace(firstOf(errors)) != "" {
			return nil
		}
		outer, causes = "", errors[min(len(errors), 1+len(firstOf(errors))):]
	}
	var root, at *Exception
	add := func(message string) {
		e := &Exception{Message: message}
		if at == nil {
			root = e
		} else {
			at.Cause = e
		}
		at = e
	}
	if message := lastLine(outer); message != "" {
		add(strings.TrimPrefix(message, "Error: "))
	}
	read := 0
	for line := range strings.SplitSeq(causes, "\n") {
		text := strings.TrimSpace(line)
		if text == "" || line[0] != ' ' && line[0] != '\t' || read == maxExceptions {
			break
		}
		if n := digitsLen(text); n > 0 && strings.HasPrefix(text[n:], ": ") {
			text = text[n+len(": "):]
		} else if read > 0 || numbered {
			continue // a message of several lines
		}
		add(text)
		read++
	}
	if read == 0 {
		return nil
	}
	if _, place, found := strings.Cut(head, "Location:"); found {
		if file, line := rustPlace(firstLine(place)); line > 0 {
			root.Innermost().Frames = []Frame{{Function: anonymous, File: file, Line: line, InApp: !containsAny(file, rustLibraries)}}
		}
	}
	return root
}

// firstOf is the first line of a text, as it is.
func firstOf(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// lastLine is the last line with text.
func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return strings.TrimSpace(s[1+strings.LastIndexByte(s, '\n'):])
}

// rustFrames reads "3: shop::pay" with the place below it, "at ./src/pay.rs:42:18".
func rustFrames(trace string) []Frame {
	var frames []Frame
	for line := range strings.SplitSeq(trace, "\n") {
		line = strings.TrimSpace(line)
		if place, found := strings.CutPrefix(line, "at "); found {
			if last := len(frames) - 1; last >= 0 {
				if file, line := rustPlace(place); line > 0 {
					frames[last].File, frames[last].Line = file, line
					frames[last].InApp = frames[last].InApp && !containsAny(file, rustLibraries)
				}
			}
			continue
		}
		n := digitsLen(line)
		if n == 0 || !strings.HasPrefix(line[n:], ": ") || len(frames) == maxFrames {
			continue
		}
		name := cut(strings.TrimSpace(line[n+len(": "):]), maxFrame)
		if address, symbol, found := strings.Cut(name, " - "); found && strings.HasPrefix(address, "0x") {
			name = symbol
		}
		if f := rustFunction(name); f.Function != "" {
			frames = append(frames, f)
		}
	}
	return frames
}

// rustFunction splits "<shop::Pay as core::ops::Fn<A>>::call::{{closure}}::h0123456789abcdef" into
// module and function.
func rustFunction(name string) Frame {
	if i := strings.LastIndex(name, "::h"); i > 0 && len(name)-i == len("::h")+16 && hexLen(name[i+len("::h"):]) == 16 {
		name = name[:i]
	}
	closure := false
	for {
		shorter := strings.TrimSuffix(strings.TrimSuffix(name, "::{{closure}}"), "::{closure#0}")
		if shorter == name {
			break
		}
		name, closure = shorter, true
	}
	if typ, rest, found := strings.Cut(name, " as "); found && strings.HasPrefix(typ, "<") {
		if i := strings.LastIndex(rest, ">::"); i >= 0 {
			name = typ[1:] + "::" + rest[i+len(">::"):]
		}
	}
	module, function := cutLast(name, "::")
	if function == "" {
		module, function = "", name
	}
	crate, _, _ := strings.Cut(strings.TrimLeft(module, "<&"), "::")
	return Frame{Module: module, Function: function, InApp: module != "" && !rustCrates[crate], Closure: closure}
}

var rustLibraries = []string{"/rustc/", "/.cargo/", "/registry/src/", "/git/checkouts/", "library/std/", "library/core/", "library/alloc/"}

// rustCrates are the crates that are never the application's.
var rustCrates = setOf(`
	std core alloc backtrace test rust_begin_unwind tokio hyper axum axum_core tower tower_http tower_service tonic warp actix
	actix_web actix_rt actix_server rocket futures futures_util futures_core reqwest h2 http serde serde_json sqlx sqlx_core
	diesel sea_orm redis rdkafka lapin anyhow eyre color_eyre tracing tracing_core tracing_subscriber opentelemetry rayon
	crossbeam async_std smol lambda_runtime clap`)
