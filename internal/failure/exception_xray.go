package failure

import (
	"cmp"
	"strings"
)

// parseXRay reads the one form in which segments of AWS X-Ray have the stacks of all languages:
// "at label(path: line)".
func parseXRay(text string) []*Exception {
	const at = "at "
	head, rest, found := strings.Cut(text, "\n")
	if !found {
		return nil
	}
	e := &Exception{}
	for line := range strings.SplitSeq(rest, "\n") {
		call, isFrame := strings.CutPrefix(strings.TrimSpace(cut(line, maxFrame)), at)
		label, place, opened := strings.Cut(call, "(")
		place, closed := strings.CutSuffix(place, ")")
		path, number := cutLast(place, ": ")
		if !isFrame || !opened || !closed || lineNumber(number) == 0 && number != "<unknown>" {
			if len(e.Frames) == 0 {
				return nil // another form
			}
			break
		}
		f := Frame{File: path, Line: lineNumber(number)}
		if f.Module, f.Function = cutLast(label, "."); f.Function == "" {
			f.Module, f.Function = "", cmp.Or(f.Module, anonymous)
		}
		f.InApp = !containsAny(path, pythonLibraries) && !containsAny(path, rubyLibraries) && !isJSLibrary(path) &&
			javaInApp(f.Module+".", f.Function, path)
		if len(e.Frames) < maxFrames {
			e.Frames = append(e.Frames, f)
		}
	}
	if len(e.Frames) == 0 {
		return nil
	}
	e.Type, e.Message, _ = strings.Cut(head, ": ")
	return []*Exception{e}
}
