package failure

import "strings"

// maxFrame bounds, in bytes, one frame of a stack.
const maxFrame = 512

// javaFrame reads "at pkg.Class.method(File.java:12)" with what loggers add to it, and returns
// its length, 0 if there is none.
func javaFrame(s string) (Frame, int) {
	const at = "at "
	if !strings.HasPrefix(s, at) {
		return Frame{}, 0
	}
	window := cut(s, maxFrame)
	open := len(at) + spanLen(window[len(at):], isFrameName)
	if open >= len(window) || window[open] != '(' {
		return Frame{}, 0
	}
	source, _, closed := strings.Cut(window[open+1:], ")")
	name := window[len(at):open]
	name = name[1+strings.LastIndexByte(name, '/'):] // without the module, as in java.base/
	dot := strings.LastIndexByte(name, '.')
	if !closed || dot <= 0 || dot == len(name)-1 || !isJavaSource(source) {
		return Frame{}, 0
	}
	class, method := name[:dot], name[dot+1:]
	file, line, _ := strings.Cut(source, ":")
	end := open + 1 + len(source) + 1
	f := Frame{File: file, Line: lineNumber(line), InApp: javaInApp(class, method, file), Closure: isJavaClosure(class, method)}
	f.Module, f.Function = javaNames(class, method)
	return f, end + packagingLen(window[end:])
}

// isJavaSource takes "File.java:12", "File.java" and the words that stand for no file.
func isJavaSource(s string) bool {
	switch s {
	case "Native Method", "Unknown Source", "<generated>", "NO_SOURCE_FILE", "<unknown>":
		return true
	}
	file, line, numbered := strings.Cut(s, ":")
	dot := strings.LastIndexByte(file, '.')
	if dot <= 0 || dot == len(file)-1 || strings.ContainsAny(file, " ,") {
		return false
	}
	return !numbered || line != "" && digitsLen(line) == len(line)
}

// packagingLen is the length of logback's " ~[app.jar:1.2]" after a frame.
func packagingLen(s string) int {
	rest := strings.TrimLeft(s, " ")
	if rest == s || !strings.HasPrefix(rest, "~[") && !strings.HasPrefix(rest, "[") {
		return 0
	}
	packaging, _, closed := strings.Cut(rest, "]")
	if !closed || strings.IndexByte(packaging, '\n') >= 0 {
		return 0
	}
	return len(s) - len(rest) + len(packaging) + 1
}

// isJavaName reports whether a byte may be part of a qualified class name.
func isJavaName(b byte) bool { return isWord(b) || b == '.' || b == '$' || b == '_' }

// isFrameName also takes what methods and modules have: <init>, pay-impl, java.base@17/.
func isFrameName(b byte) bool { return isJavaName(b) || strings.IndexByte("<>/@-", b) >= 0 }
