package failure

import "strings"

// Types of what Go's runtime reports without one.
const (
	goPanic        = "panic"
	goFatal        = "fatal error"
	goRuntimeError = "runtime.Error"
)

const runtimeError = "runtime error: "

// parseGoTrace reads a panic with its goroutine's trace, or a trace alone (debug.Stack, or the
// stack of a recorded error), which has no type.
func parseGoTrace(text string) []*Exception {
	text = restoreLines(text)
	head, trace, found := cutGoroutine(text)
	if !found && !strings.Contains(text, "\n\t") {
		return nil // a file named in prose
	}
	frames := goFrames(trace)
	if len(frames) == 0 {
		return nil
	}
	e := goHeader(head, true)
	if e == nil {
		e = &Exception{}
	}
	e.Frames = frames
	return []*Exception{e}
}

// parseGoMessage reads what the runtime says of a panic, without a trace.
func parseGoMessage(text string) []*Exception {
	if e := goHeader(text, false); e != nil {
		return []*Exception{e}
	}
	return nil
}

// cutGoroutine splits around "goroutine 7 [running]:" and drops the goroutines after it.
func cutGoroutine(s string) (head, trace string, found bool) {
	start, end := goroutineAt(s)
	if start < 0 {
		return "", s, false
	}
	trace = s[end:]
	if next, _ := goroutineAt(trace); next >= 0 {
		trace = trace[:next]
	}
	return s[:start], trace, true
}

// goroutineAt finds the header of a goroutine's trace, -1 where there is none.
func goroutineAt(s string) (start, end int) {
	const word = "goroutine "
	for from := 0; ; {
		i := strings.Index(s[from:], word)
		if i < 0 {
			return -1, -1
		}
		start = from + i
		from = start + len(word)
		c := cursor{s: s, i: from}
		if !c.digits(1, 19) || !c.lit(" [") {
			continue
		}
		if state := strings.Index(cut(c.rest(), maxFrame), "]:"); state >= 0 {
			return start, c.i + state + len("]:")
		}
	}
}

var goHeaders = []struct{ prefix, typ string }{
	{"panic: ", goPanic}, {"fatal error: ", goFatal}, {"panic serving ", goPanic}, {runtimeError, goRuntimeError},
}

// goHeader reads the message of a panic. Without a trace it must head the text or a clause of it.
func goHeader(s string, traced bool) *Exception {
	for _, h := range goHeaders {
		before, message, found := strings.Cut(s, h.prefix)
		if !found || !traced && !headsClause(before) {
			continue
		}
		switch h.prefix {
		case "panic serving ": // net/http gives the peer's address first
			_, message, _ = strings.Cut(message, ": ")
		case runtimeError:
			message = runtimeError + message
		}
		message = firstLine(message)
		for _, tail := range []string{" [recovered", " goroutine ", " [signal "} {
			message, _, _ = strings.Cut(message, tail)
		}
		typ := h.typ
		if strings.HasPrefix(message, runtimeError) {
			typ = goRuntimeError
		}
		return &Exception{Type: typ, Message: message}
	}
	return nil
}

// headsClause reports whether nothing comes before, or a prefix such as "recovered: ".
func headsClause(before string) bool {
	before = strings.TrimRight(before, " \t")
	return before == "" || !isWord(before[len(before)-1])
}

// goFrames reads pairs of function and file, nearest the throw first. What ran to report the
// panic, and the runtime's frames that raised it, are dropped.
func goFrames(s string) []Frame {
	r := goReader{s: s}
	var frames []Frame
	thrown := 0
	for len(frames) < maxFrames && r.next() {
		if r.name == goPanic {
			thrown = len(frames)
		} else if f := r.frame(); f.Function != "" && f.Module != "" {
			frames = append(frames, f)
		}
	}
	for thrown > 0 && thrown < len(frames) && frames[thrown].Module == "runtime" {
		thrown++
	}
	return frames[thrown:]
}

// goReader walks over "function(arguments) file.go:12 +0x1d", line breaks or not.
type goReader struct {
	s    string
	pos  int
	name string // "" where what stands before the file is no function
	file string
	line string
}

// next reads one frame; false at the end, and at the call that created the goroutine.
func (r *goReader) next() bool {
	rest := r.s[r.pos:]
	i := strings.Index(rest, ".go:")
	if i < 0 {
		return false
	}
	start := 1 + strings.LastIndexAny(rest[:i], " \t\n")
	call := strings.TrimSpace(rest[:start])
	if strings.Contains(call, "created by ") {
		return false
	}
	c := cursor{s: rest, i: i + len(".go:")}
	_ = c.run()
	r.file, r.line = rest[start:i+len(".go")], rest[i+len(".go:"):c.i]
	r.name = goFunction(call[1+strings.LastIndexByte(call, '\n'):])
	c.opt(func() bool { return c.lit(" +0x") && c.hex(1, 16) })
	r.pos += c.i
	return true
}

func (r *goReader) frame() Frame {
	module, function, closure := splitGoName(r.name)
	return Frame{Module: module, Function: function, File: r.file, Line: lineNumber(r.line), InApp: goInApp(module, r.file), Closure: closure}
}

// goFunction is the name in "main.(*T).M(0x1, {0x2, 0x3})".
func goFunction(call string) string {
	if !strings.HasSuffix(call, ")") {
		return ""
	}
	depth, open := 0, -1
	for i := len(call) - 1; i >= 0 && open < 0; i-- {
		switch call[i] {
		case ')':
			depth++
		case '(':
			if depth--; depth == 0 {
				open = i
			}
		}
	}
	name := call[:max(open, 0)]
	name = name[1+strings.LastIndexAny(name, " \t"):]
	if name != goPanic && strings.IndexByte(name, '.') <= 0 {
		return ""
	}
	return name
}

// splitGoName splits a function's name into package path and name, without type parameters and
// the counters of closures, and reports whether it is a closure.
func splitGoName(name string) (module, function string, closure bool) {
	if open := strings.IndexByte(name, '['); open >= 0 {
		name = name[:open] + name[strings.LastIndexByte(name, ']')+1:]
	}
	slash := strings.LastIndexByte(name, '/') + 1
	pkg, function, _ := strings.Cut(name[slash:], ".")
	function, _, _ = strings.Cut(function, "-") // -fm, -range1
	parts := strings.Split(function, ".")
	for i, part := range parts {
		if i > 0 && isGoCounter(part) {
			parts, closure = parts[:i], true
			break
		}
	}
	return name[:slash] + strings.ReplaceAll(pkg, "%2e", "."), strings.TrimRight(strings.Join(parts, "."), "."), closure
}

// isGoCounter recognises what the compiler names closures and wrappers: func1, gowrap2, 3.
func isGoCounter(part string) bool {
	for _, prefix := range []string{"func", "gowrap", "deferwrap", ""} {
		if digits, ok := strings.CutPrefix(part, prefix); ok && digits != "" && digitsLen(digits) == len(digits) {
			return true
		}
	}
	return false
}

// goInApp reports whether a frame is of the application's own module: no dependency, no standard
// library.
func goInApp(pkg, file string) bool {
	if strings.Contains(file, "/pkg/mod/") || strings.Contains(file, "/vendor/") || strings.Contains(file, "@v") ||
		strings.HasPrefix(file, "vendor/") {
		return false
	}
	first, _, _ := strings.Cut(pkg, "/")
	return !goStandard[first]
}

// goStandard are the first elements of the standard library's package paths.
var goStandard = setOf(`
	archive bufio builtin bytes cmp compress container context crypto database debug embed encoding errors expvar flag fmt
	go hash html image index internal io iter log maps math mime net os path plugin reflect regexp runtime slices sort
	strconv strings structs sync syscall testing text time unicode unique unsafe weak`)

// IsPanic reports whether the exception is a panic of Go or Rust, which ends its process unless it is recovered.
func (e *Exception) IsPanic() bool {
	return e.Type == goPanic || e.Type == goFatal || e.Type == goRuntimeError
}
