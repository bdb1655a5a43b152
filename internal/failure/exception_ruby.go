package failure

import (
	"slices"
	"strings"
)

// parseRuby reads what Ruby prints of an exception, what Rails and Ruby's logger make of it, and
// backtraces alone. Causes follow what they caused.
func parseRuby(text string) []*Exception {
	p := rubyParser{}
	for line := range strings.SplitSeq(unfold(text), "\n") {
		if p.read == maxExceptions {
			break
		}
		p.line(line)
	}
	p.flush()
	if p.root == nil {
		return nil
	}
	return []*Exception{p.root}
}

type rubyParser struct {
	read     int
	root, at *Exception
	named    *Exception // by the last line that is no frame
	outward  []Frame    // of a trace that has its throw last, outermost first
}

func (p *rubyParser) line(line string) {
	line = strings.TrimSpace(line)
	frame, message, outward, ok := rubyFrame(line)
	switch {
	case !ok:
		if e := rubyHeader(line); e != nil {
			p.named = e
		}
		return
	case outward:
		if len(p.outward) < maxFrames {
			p.outward = append(p.outward, frame)
		}
		return
	}
	if e := rubyHeader(message); message != "" {
		if e == nil {
			e = &Exception{Message: message}
		}
		p.begin(e)
	} else if p.at == nil || p.named != nil {
		p.begin(orUnnamed(p.named))
	}
	p.named = nil
	if len(p.at.Frames) < maxFrames {
		p.at.Frames = append(p.at.Frames, frame)
	}
	p.flush()
}

func orUnnamed(e *Exception) *Exception {
	if e == nil {
		return &Exception{}
	}
	return e
}

// begin takes up an exception, which caused the one before.
func (p *rubyParser) begin(e *Exception) {
	p.read++
	if p.at == nil {
		p.root = e
	} else {
		p.at.Cause = e
	}
	p.at = e
}

// flush gives the exception the frames that stood above it.
func (p *rubyParser) flush() {
	if len(p.outward) == 0 {
		return
	}
	if p.at == nil {
		p.begin(orUnnamed(p.named))
	}
	slices.Reverse(p.outward)
	p.at.Frames = append(p.at.Frames, p.outward[:min(len(p.outward), maxFrames-len(p.at.Frames))]...)
	p.outward = nil
}

// rubyFrame reads "from /app/price.rb:9:in `total'", and the message that follows where the
// exception was thrown.
func rubyFrame(s string) (f Frame, message string, outward, ok bool) {
	if digits := digitsLen(s); digits > 0 && strings.HasPrefix(s[digits:], ": from ") {
		s, outward = s[digits+len(": from "):], true
	}
	s = strings.TrimPrefix(s, "from ")
	place, function := cutRubyIn(s)
	colon := strings.LastIndexByte(place, ':')
	if function == "" || colon <= 0 || lineNumber(place[colon+1:]) == 0 || strings.ContainsAny(place, " \t") {
		return Frame{}, "", false, false
	}
	if name, said, found := strings.Cut(function, "': "); found {
		function, message = name, said
	}
	f = Frame{File: place[:colon], Line: lineNumber(place[colon+1:])}
	f.Module, f.Function = rubyName(strings.TrimSuffix(function, "'"))
	f.InApp = !containsAny(f.File, rubyLibraries)
	f.Closure = strings.HasPrefix(function, "block ")
	return f, message, outward, f.Function != ""
}

func cutRubyIn(s string) (place, function string) {
	s = cut(s, maxSignatureInput)
	for _, in := range []string{":in `", ":in '"} {
		if place, function, found := strings.Cut(s, in); found {
			return place, function
		}
	}
	return "", ""
}

// rubyName splits the name of a method into its class, which newer versions name, and itself.
// Blocks are part of the method that they are in.
func rubyName(s string) (class, method string) {
	if i := strings.LastIndex(s, " in "); i >= 0 {
		s = s[i+len(" in "):]
	}
	if i := strings.IndexAny(s, "#."); i > 0 && isClass(s) && i < len(s)-1 {
		return s[:i], s[i+1:]
	}
	return "", s
}

var rubyLibraries = []string{"/gems/", "/lib/ruby/", "/vendor/bundle/", "/bundler/", "<internal:", "(eval", "/rubygems"}

// rubyHeader reads the name and message of an exception: "message (Name)", "Name (message):" and
// "Name: message".
func rubyHeader(s string) *Exception {
	s = strings.TrimSuffix(cut(strings.TrimSpace(s), maxSignatureInput), ":")
	if body, found := strings.CutSuffix(s, ")"); found {
		if open := strings.LastIndexByte(body, '('); open > 0 && isRubyClass(body[open+1:]) {
			return &Exception{Type: body[open+1:], Message: strings.TrimSpace(body[:open])}
		}
		if name, message, found := strings.Cut(body, " ("); found && isRubyClass(name) {
			return &Exception{Type: name, Message: message}
		}
	}
	name, message, found := strings.Cut(s, ": ")
	name = name[1+strings.LastIndexByte(name, ' '):]
	if found && isRubyClass(name) && (strings.Contains(name, "::") || strings.HasSuffix(name, "Error") || strings.HasSuffix(name, "Exception")) {
		return &Exception{Type: name, Message: message}
	}
	return nil
}

// isRubyClass takes "NoMethodError" and "ActiveRecord::RecordNotFound".
func isRubyClass(s string) bool {
	for part := range strings.SplitSeq(s, "::") {
		if !isClass(part) || spanLen(part, isJavaName) != len(part) || strings.IndexByte(part, '.') >= 0 {
			return false
		}
	}
	return true
}
