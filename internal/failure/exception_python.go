package failure

import (
	"slices"
	"strings"
)

const pythonTrace = "Traceback (most recent call last):"

// What stands between two tracebacks of which the second was raised because of the first.
var pythonLinks = []string{"was the direct cause of the following exception", "During handling of the above exception"}

// parsePython reads tracebacks: what was raised first is the cause of what follows it.
func parsePython(text string) []*Exception {
	var roots []*Exception
	linked := false
	for i, block := range strings.SplitN(restoreLines(text), pythonTrace, maxExceptions+1) {
		if i == 0 {
			continue
		}
		e, rest := pythonBlock(block)
		if e == nil {
			continue
		}
		if last := len(roots) - 1; linked && last >= 0 {
			e.Cause, roots[last] = roots[last], e
		} else {
			roots = append(roots, e)
		}
		linked = containsAny(rest, pythonLinks)
	}
	return roots
}

// pythonBlock reads the frames of a traceback, of which the last is nearest the throw, and the line
// after them that names what was raised.
func pythonBlock(block string) (e *Exception, rest string) {
	var frames []Frame
	for block != "" {
		line, after, _ := strings.Cut(block, "\n")
		block = after
		text := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(text, `File "`):
			if f := pythonFrame(text); f.Function != "" { // else where a syntax error is
				frames = append(frames, f)
			}
		case text != "" && line[0] != ' ' && line[0] != '\t' && line[0] != '|':
			typ, message, _ := strings.Cut(text, ": ")
			if typ = strings.TrimSuffix(typ, ":"); spanLen(typ, isJavaName) != len(typ) {
				return nil, block
			}
			slices.Reverse(frames)
			return &Exception{Type: typ, Message: message, Frames: frames[:min(len(frames), maxFrames)]}, block
		}
	}
	return nil, ""
}

// pythonFrame reads `File "/app/pay.py", line 12, in charge`.
func pythonFrame(s string) Frame {
	file, rest, _ := strings.Cut(strings.TrimPrefix(s, `File "`), `"`)
	rest, function, _ := strings.Cut(rest, ", in ")
	library := strings.HasPrefix(file, "<") || containsAny(file, pythonLibraries)
	return Frame{Function: function, File: file, Line: lineNumber(strings.TrimPrefix(rest, ", line ")), InApp: !library}
}

var pythonLibraries = []string{"site-packages", "dist-packages", "/lib/python", `\Lib\`}
