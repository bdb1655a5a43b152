package failure

import (
	"cmp"
	"strings"
)

// parseErlang reads crash reports and the terms in which Erlang writes stacks.
func parseErlang(text string) []*Exception {
	text = unfold(text)
	if found := erlangTerm(text); found != nil {
		return found
	}
	return erlangReport(text)
}

// erlangReport reads "exception error: bad argument" and the calls below it.
func erlangReport(text string) []*Exception {
	_, rest, _ := strings.Cut(text, "exception ")
	class, rest, found := strings.Cut(rest, ": ")
	if !found || class != "error" && class != "exit" && class != "throw" {
		return nil
	}
	e := &Exception{Message: firstLine(rest)}
	if reason := erlangReason(e.Message); reason != "" {
		e.Type = reason
	}
	for line := range strings.SplitSeq(rest, "\n") {
		line = strings.TrimSpace(cut(line, maxFrame))
		call, found := strings.CutPrefix(line, "in function")
		if !found {
			if call, found = strings.CutPrefix(line, "in call from"); !found {
				continue
			}
		}
		name, place, _ := strings.Cut(strings.TrimSpace(call), " (")
		f := erlangFrame(name, "", "")
		file, at, _ := strings.Cut(strings.TrimSuffix(place, ")"), ":")
		if before, after, old := strings.Cut(file, ", line "); old {
			file, at = before, after
		}
		f.File, f.Line = file, lineNumber(at)
		if f.Function != "" && len(e.Frames) < maxFrames {
			e.Frames = append(e.Frames, f)
		}
	}
	if len(e.Frames) == 0 {
		return nil
	}
	return []*Exception{e}
}

// erlangTerm reads {badarg,[{shop,total,1,[{file,"src/shop.erl"},{line,12}]},…]}.
func erlangTerm(text string) []*Exception {
	const filed = `,[{file,"`
	e := &Exception{}
	for from := 0; len(e.Frames) < maxFrames; {
		i := strings.Index(text[from:], filed)
		if i < 0 {
			break
		}
		before := text[from : from+i]
		open := strings.LastIndexByte(before, '{')
		if open < 0 {
			break
		}
		if len(e.Frames) == 0 {
			e.Message = erlangHead(before[:open])
			e.Type = erlangReason(e.Message)
		}
		parts := strings.SplitN(before[open+1:], ",", 3)
		from += i + len(filed)
		file, rest, _ := strings.Cut(text[from:min(len(text), from+maxFrame)], `"`)
		_, line, _ := strings.Cut(rest, "{line,")
		line, _, _ = strings.Cut(line, "}")
		if len(parts) == 3 {
			if f := erlangFrame(parts[0]+":"+parts[1], file, line); f.Function != "" {
				e.Frames = append(e.Frames, f)
			}
		}
	}
	if len(e.Frames) == 0 {
		return nil
	}
	return []*Exception{e}
}

// erlangHead is the reason that stands before a stack: {badarg,[ of {badarg,[{shop,total,…
func erlangHead(before string) string {
	before = strings.TrimRight(before, "[, \n\t")
	line := lastLine(cutFront(before, maxSignatureMessage))
	if i := strings.LastIndex(line, "** "); i >= 0 {
		line = line[i+len("** "):]
	}
	return strings.TrimPrefix(line, "{")
}

func cutFront(s string, n int) string { return s[max(0, len(s)-n):] }

// erlangReason is the atom by which a reason is told: badarg, badmatch of {badmatch,7}.
func erlangReason(s string) string {
	s = strings.TrimLeft(s, "{")
	n := spanLen(s, func(b byte) bool { return isAlnum(b) || b == '_' })
	if n == 0 || s[0] < 'a' || s[0] > 'z' || n < len(s) && s[n] == ' ' {
		return ""
	}
	return s[:n]
}

// erlangFrame reads "shop:total/1", or quoted names.
func erlangFrame(name, file, line string) Frame {
	module, function, found := strings.Cut(name, ":")
	if !found {
		return Frame{}
	}
	function, _, _ = strings.Cut(function, "/")
	function, _, _ = strings.Cut(function, "(")
	function = strings.Trim(function, "' ")
	function, closure := strings.CutPrefix(function, "-") // '-total/1-fun-0-'
	module = strings.Trim(module, "' ")
	if strings.ContainsAny(module+function, " \n\t{}[]\"") {
		return Frame{}
	}
	module = strings.TrimPrefix(module, "Elixir.")
	return Frame{
		Module: module, Function: cmp.Or(function, anonymous), File: file, Line: lineNumber(line),
		InApp: !erlangModules[module] && !strings.Contains(file, "/lib/erlang/"), Closure: closure,
	}
}
