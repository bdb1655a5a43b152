package failure

import "strings"

// parseJava reads Java's printed throwables: with a stack or only named, over many lines or
// joined into one, alone or amid a log line.
func parseJava(text string) []*Exception {
	p := javaParser{s: restoreLines(text), message: -1}
	for p.pos < len(p.s) && p.read < maxExceptions {
		p.step()
	}
	p.endMessage(p.pos)
	return p.roots
}

// link says how the next throwable relates to what came before.
type link int

const (
	linkNone       link = iota
	linkCause           // "Caused by:"
	linkNested          // "nested exception is", within a message
	linkRootCause       // Tomcat's "with root cause": the innermost follows
	linkWrapper         // "Wrapped by:", of stacks printed root cause first
	linkSuppressed      // "Suppressed:"
)

const rootCauseMarker = "with root cause"

var javaMarkers = []struct {
	text string
	link link
}{
	{"Caused by:", linkCause},
	{"nested exception is", linkNested},
	{"nested exception:", linkNested},
	{rootCauseMarker, linkRootCause},
	{"Wrapped by:", linkWrapper},
	{"Suppressed:", linkSuppressed},
}

type javaParser struct {
	s     string
	pos   int
	read  int // throwables so far
	roots []*Exception

	// printed is the throwable whose stack is being read, last the innermost one named in its
	// header: "A: B: text" is an A whose message names its cause B.
	printed, last *Exception
	// message is where the message of last starts, -1 when it has ended.
	message int
	// pending is the link given by a marker that ends at pendingAt; a name must follow at once.
	pending   link
	pendingAt int
	// owner has the suppressed throwable being read, whose indentation is given.
	owner  *Exception
	indent int
}

func (p *javaParser) step() {
	if !isJavaName(p.s[p.pos]) {
		p.pos++
		return
	}
	for _, m := range javaMarkers {
		if strings.HasPrefix(p.s[p.pos:], m.text) {
			p.marker(m.link, len(m.text))
			return
		}
	}
	if f, n := javaFrame(p.s[p.pos:]); n > 0 {
		p.frame(f, n)
		return
	}
	p.name()
}

func (p *javaParser) marker(l link, n int) {
	p.endMessage(p.pos)
	switch {
	case p.owner != nil && l != linkSuppressed && l != linkNested:
		p.leaveSuppressed(l)
	case p.owner == nil && l == linkSuppressed && p.printed != nil:
		p.owner, p.indent = p.printed, indentAt(p.s, p.pos)
	}
	p.pos += n
	p.pending, p.pendingAt = l, p.pos
}

// leaveSuppressed goes on with the throwable that has the suppressed one, unless the marker is
// indented as what belongs to the suppressed one is. Joined into one line, a suppressed
// throwable's cause cannot be told from its owner's and is taken for that.
func (p *javaParser) leaveSuppressed(l link) {
	if l == linkCause && p.indent >= 0 && indentAt(p.s, p.pos) >= p.indent {
		return
	}
	p.printed, p.last, p.owner = p.owner, p.owner, nil
}

func (p *javaParser) frame(f Frame, n int) {
	p.endMessage(p.pos)
	if p.printed == nil {
		p.add(&Exception{}, linkNone)
	}
	if len(p.printed.Frames) < maxFrames {
		p.printed.Frames = append(p.printed.Frames, f)
	}
	p.pos += n
	p.pending = linkNone
}

// name reads a dotted name and starts a throwable if it is the name of one.
func (p *javaParser) name() {
	start := p.pos
	p.pos += spanLen(p.s[start:], isJavaName)
	name := strings.TrimRight(p.s[start:p.pos], ".")
	l := p.pending
	p.pending = linkNone
	if l != linkNone && strings.Trim(p.s[p.pendingAt:start], " [\t\r\n") != "" {
		l = linkNone
	}
	if !p.isThrowable(name, start, l != linkNone) {
		return
	}
	end := start + len(name)
	e := &Exception{Type: stripGenerated(name)}
	if l == linkNone && p.message >= 0 && !atLineStart(p.s, start) {
		p.mention(e, start, end)
		return
	}
	p.endMessage(start)
	p.add(e, l)
	p.message = end
}

// mention is a throwable named within the message of another: the same again where a log line
// repeats it, its cause where it is all that the message says, else only text.
func (p *javaParser) mention(e *Exception, start, end int) {
	switch {
	case e.Type == p.last.Type:
		p.endMessage(start)
		p.message = end
	case strings.TrimSpace(p.s[p.message:start]) == ":" && (end == len(p.s) || strings.IndexByte(":\r\n", p.s[end]) >= 0):
		p.last.Message = firstLine(cut(p.s[start:], maxSignatureMessage))
		p.add(e, linkNested)
		p.message = end
	}
}

// add links a new throwable to those read before.
func (p *javaParser) add(e *Exception, l link) {
	p.read++
	switch {
	case p.owner != nil: // a suppressed throwable, and what caused it: read, not kept
	case p.printed == nil || l == linkNone:
		if known := p.named(e.Type); known != nil {
			e = known
		} else {
			p.roots = append(p.roots, e)
		}
	case l == linkWrapper:
		e.Cause = p.roots[len(p.roots)-1]
		p.roots[len(p.roots)-1] = e
	case l == linkRootCause:
		if known := p.named(e.Type); known != nil {
			e = known
		} else {
			p.roots[len(p.roots)-1].Innermost().Cause = e
		}
	case l == linkNested: // the stack that follows is that of the throwable printed
		p.last.Cause = e
		p.last = e
		return
	default: // what a message said of causes is superseded
		p.printed.Cause = e
	}
	p.printed, p.last = e, e
}

// named is the throwable of that type which a log line names first and prints then.
func (p *javaParser) named(typ string) *Exception {
	if len(p.roots) == 0 {
		return nil
	}
	for known := p.roots[len(p.roots)-1]; known != nil; known = known.Cause {
		if known.Type == typ && len(known.Frames) == 0 {
			return known
		}
	}
	return nil
}

// endMessage gives the innermost throwable named its message, which ends here.
func (p *javaParser) endMessage(end int) {
	if p.message < 0 {
		return
	}
	text := strings.TrimSpace(strings.TrimPrefix(p.s[p.message:end], ":"))
	if strings.HasPrefix(p.s[end:], rootCauseMarker) {
		text = strings.TrimSuffix(text, "]")
	}
	if m := firstLine(text); m != "" {
		p.last.Message = m
	}
	p.message = -1
}

// firstLine is the first line with text, without what leads over to a nested exception or to
// "... 12 more".
func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(strings.TrimRight(s, " \t\r;"))
}

// isThrowable reports whether the name at start is that of a throwable. A qualified name says so
// itself; a bare one needs its place to say so: after a marker, before a stack, or at the head of
// a line.
func (p *javaParser) isThrowable(name string, start int, marked bool) bool {
	tail := p.s[start+len(name):]
	quoted := start > 0 && p.s[start-1] == '"' && p.message >= 0
	dot := strings.LastIndexByte(name, '.')
	class := name[dot+1:]
	if quoted || tail != "" && strings.IndexByte("(#/=", tail[0]) >= 0 || !isClass(class) || !isPackage(name[:dot+1]) {
		return false
	}
	heads := atLineStart(p.s, start)
	placed := marked || heads && stackFollows(tail)
	switch {
	case dot > 0:
		return placed || namesThrowable(class) && !(class == "Error" && isClass(name)) // Import.Error is a code of macOS
	case !namesThrowable(class):
		return false
	default:
		return placed || inThread(p.s[:start]) ||
			heads && strings.HasSuffix(class, "Exception") && class != "Exception" && strings.HasPrefix(tail, ": ")
	}
}

func isClass(s string) bool { return s != "" && s[0] >= 'A' && s[0] <= 'Z' }

// isPackage takes "" and "a.b."; no part is empty or starts with a digit.
func isPackage(s string) bool {
	for s != "" {
		part, rest, _ := strings.Cut(s, ".")
		if part == "" || isDigit(part[0]) {
			return false
		}
		s = rest
	}
	return true
}

func namesThrowable(class string) bool {
	for part := range strings.SplitSeq(class, "$") {
		if strings.HasSuffix(part, "Exception") || strings.HasSuffix(part, "Error") || strings.HasSuffix(part, "Throwable") {
			return true
		}
	}
	return false
}

// lookBack bounds how far before a name its place is judged, in bytes.
const lookBack = 200

// inThread reports whether the text ends in `Exception in thread "main" `.
func inThread(before string) bool {
	before = strings.TrimRight(before[max(0, len(before)-lookBack):], " ")
	return strings.HasSuffix(before, `"`) && strings.Contains(before, "Exception in thread ")
}

func atLineStart(s string, i int) bool {
	before := strings.TrimRight(s[max(0, i-lookBack):i], " \t")
	return before == "" && i < lookBack || strings.HasSuffix(before, "\n")
}

// indentAt is the indentation of a line that starts at i, -1 where other text stands before.
func indentAt(s string, i int) int {
	window := s[max(0, i-lookBack):i]
	newline := strings.LastIndexByte(window, '\n')
	if newline < 0 || strings.TrimLeft(window[newline+1:], " \t") != "" {
		return -1
	}
	return len(window) - newline - 1
}

// stackFollows reports whether the line after this one is a stack frame.
func stackFollows(tail string) bool {
	line, next, _ := strings.Cut(tail, "\n")
	if line != "" && line[0] != ':' && strings.TrimSpace(line) != "" {
		return false
	}
	_, n := javaFrame(strings.TrimLeft(next, " \t"))
	return n > 0
}
